const form = document.querySelector("#login");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const reply = await fetch("/login", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });
  const answer = await reply.json();
  if (reply.ok) location.assign(answer.redirectUrl);
  else document.querySelector("#problem").textContent = answer.message;
});
