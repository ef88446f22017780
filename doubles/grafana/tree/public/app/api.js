// Calls to the API. Who isn't logged in any more goes to the log-in page.
export async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(path, options);
  if (reply.status === 401) {
    location.assign("/login");
    throw new Error("The session has ended.");
  }
  return { status: reply.status, body: await reply.json() };
}
