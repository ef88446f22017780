// The list of dashboards at / and /dashboards, a dashboard at /d/<uid>.
import { call } from "./api.js";
import { element, empty, kinds, series } from "./draw.js";

const content = document.querySelector("#content");
const controls = document.querySelector("#controls");
const UNITS = { s: 1, m: 60, h: 3600, d: 86400 };
const seconds = (text) => Number(text.slice(0, -1)) * UNITS[text.at(-1)];

async function list() {
  const { body } = await call("/api/search?type=dash-db");
  const items = element("ul", "list");
  for (const hit of body) {
    const link = element("a", "", hit.title);
    link.href = hit.url;
    const item = element("li");
    item.append(link, element("small", "", hit.folderTitle ?? ""));
    items.append(item);
  }
  content.replaceChildren(items);
}

async function fill(panel, body, range) {
  const [start, end] = range;
  const queries = (panel.targets ?? []).map((target) => ({ ...target, datasource: target.datasource ?? panel.datasource, maxDataPoints: 200 }));
  const { body: answer } = await call("/api/ds/query", { queries, from: String(start * 1000), to: String(end * 1000) });
  body.replaceChildren();
  const failed = Object.values(answer.results ?? {}).find((result) => result.error);
  if (failed || !answer.results) return empty(body, failed?.error ?? answer.message, "problem");
  const found = series(answer.results);
  if (!found.length) return empty(body, "No data");
  return (kinds[panel.type] ?? kinds.timeseries)(panel, body, found, range);
}

function place(panel) {
  const box = element("section", "panel");
  const { x, y, w, h } = panel.gridPos;
  box.style.gridArea = `${y + 1} / ${x + 1} / span ${h} / span ${w}`;
  const title = element("h2", "", panel.title);
  title.title = panel.description ?? "";
  const body = element("div", "body");
  box.append(title, body);
  return { box, body, panel };
}

async function show(uid) {
  const { status, body } = await call(`/api/dashboards/uid/${encodeURIComponent(uid)}`);
  if (status !== 200) return empty(content, body.message);
  const board = body.dashboard;
  document.title = `${board.title} · double of Grafana`;
  document.querySelector("#where").textContent = `› ${body.meta.folderTitle} › ${board.title}`;
  const panels = (board.panels ?? []).filter((panel) => panel.type !== "row").map(place);
  const grid = element("div", "grid");
  grid.append(...panels.map(({ box }) => box));
  content.replaceChildren(grid);
  controls.hidden = false;
  const { range, refresh } = controls.elements;
  range.value = (board.time?.from ?? "").replace("now-", "");
  if (!range.value) range.value = "30m";
  refresh.value = String(seconds(board.refresh || "0s"));
  let timer;
  const draw = async () => {
    clearTimeout(timer);
    const end = Math.floor(Date.now() / 1000);
    const span = [end - seconds(range.value), end];
    for (const { panel, body: target } of panels) await fill(panel, target, span);
    document.body.dataset.drawn = "true";
    if (Number(refresh.value)) timer = setTimeout(draw, 1000 * Number(refresh.value));
  };
  controls.addEventListener("submit", (event) => { event.preventDefault(); draw(); });
  controls.addEventListener("change", draw);
  return draw();
}

const dashboard = location.pathname.match(/^\/d\/([^/]+)/);
await (dashboard ? show(decodeURIComponent(dashboard[1])) : list());
