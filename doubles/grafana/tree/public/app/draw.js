// One function for each kind of panel. uPlot (public/lib) draws what goes along a time axis.
import { format } from "./units.js";

const COLOURS = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffb357", "#96d98d", "#c0d8ff"];
const AXIS = { stroke: "#93a1b0", grid: { stroke: "#2d3640", width: 1 }, ticks: { stroke: "#2d3640", width: 1 }, font: "11px system-ui" };

const clock = (time) => new Date(time * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const TIME_AXIS = { ...AXIS, values: (_, ticks) => ticks.map(clock) };

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// frames → [{name, labels, times (s), values}]
export function series(results) {
  const found = [];
  for (const result of Object.values(results)) {
    for (const frame of result.frames ?? []) {
      const field = frame.schema.fields[1];
      if (!field) continue;
      const [times, values] = frame.data.values;
      found.push({ name: field.config?.displayNameFromDS ?? field.name, labels: field.labels ?? {}, times: times.map((t) => t / 1000), values });
    }
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

const last = (one) => one.values.findLast((value) => value !== null);

function aligned(all) {
  const times = [...new Set(all.flatMap((one) => one.times))].sort((a, b) => a - b);
  const columns = all.map((one) => {
    const known = new Map(one.times.map((t, at) => [t, one.values[at]]));
    return times.map((t) => known.get(t) ?? null);
  });
  return [times, ...columns];
}

function legend(all, unit, decimals) {
  const box = element("div", "legend");
  all.forEach((one, at) => {
    const item = element("span", "", `${one.name}  ${format(last(one), unit, decimals)}`);
    const mark = element("i");
    mark.style.background = COLOURS[at % COLOURS.length];
    item.prepend(mark);
    box.append(item);
  });
  return box;
}

function chart(body, data, options) {
  const place = element("div");
  place.style.height = "100%";
  body.append(place);
  const size = { width: Math.max(place.clientWidth, 100), height: Math.max(place.clientHeight, 60) };
  return new window.uPlot({ ...size, legend: { show: false }, cursor: { y: false }, ...options }, data, place);
}

function timeAxis(range) {
  return { x: { time: true, range: () => range } };
}

export function timeseries(panel, body, all, range) {
  const { unit, decimals, min, max } = panel.fieldConfig?.defaults ?? {};
  body.style.display = "flex";
  body.style.flexDirection = "column";
  const place = element("div", "body");
  body.append(place, legend(all, unit, decimals));
  const lines = all.map((one, at) => {
    const stroke = COLOURS[at % COLOURS.length];
    return { label: one.name, stroke, width: 2, fill: `${stroke}1a`, points: { show: one.times.length < 3 }, spanGaps: false };
  });
  const y = { range: (_, low, high) => [min ?? Math.min(low, 0), max ?? (high > 0 ? high * 1.1 : 1)] };
  const axes = [TIME_AXIS, { ...AXIS, size: 70, values: (_, ticks) => ticks.map((tick) => format(tick, unit, undefined)) }];
  chart(place, aligned(all), { series: [{}, ...lines], axes, scales: { ...timeAxis(range), y } });
}

export function stat(panel, body, all) {
  const { unit, decimals } = panel.fieldConfig?.defaults ?? {};
  const box = element("div", "figures");
  for (const one of all) {
    const figure = element("div", "figure");
    if (all.length > 1) figure.append(element("span", "", one.name));
    figure.append(element("b", "", format(last(one), unit, decimals)));
    box.append(figure);
  }
  body.append(box);
}

export function bargauge(panel, body, all) {
  const { unit, decimals, max } = panel.fieldConfig?.defaults ?? {};
  const most = max ?? Math.max(...all.map((one) => last(one) ?? 0), 1e-9);
  for (const one of all) {
    const row = element("div", "bar");
    const track = element("div");
    const bar = element("i");
    bar.style.width = `${Math.min(100, (100 * (last(one) ?? 0)) / most)}%`;
    track.append(bar);
    row.append(element("span", "", one.name), track, element("span", "", format(last(one), unit, decimals)));
    body.append(row);
  }
}

// Buckets are cumulative: each one less the one below is the number of its own.
export function heatmap(panel, body, all, range) {
  const bound = (one) => (one.labels.le === "+Inf" ? Infinity : Number(one.labels.le));
  const sorted = [...all].sort((a, b) => bound(a) - bound(b));
  const [times, ...columns] = aligned(sorted);
  const own = columns.map((column, at) => column.map((value, t) => Math.max(0, (value ?? 0) - (at ? (columns[at - 1][t] ?? 0) : 0))));
  const most = Math.max(...own.flat(), 1e-9);
  const paint = (plot) => {
    const step = times.length > 1 ? times[1] - times[0] : 15;
    own.forEach((column, at) => column.forEach((value, t) => {
      if (value <= 0) return;
      const left = plot.valToPos(times[t] - step, "x", true);
      const [top, bottom] = [plot.valToPos(at + 1, "y", true), plot.valToPos(at, "y", true)];
      plot.ctx.fillStyle = `hsla(${40 - (30 * value) / most}, 90%, ${25 + (35 * value) / most}%, ${0.35 + (0.65 * value) / most})`;
      plot.ctx.fillRect(left, top, plot.valToPos(times[t], "x", true) - left + 1, bottom - top);
    }));
  };
  const name = (tick) => (sorted[tick - 1] ? (bound(sorted[tick - 1]) === Infinity ? "∞" : format(bound(sorted[tick - 1]), "s")) : "");
  const axes = [TIME_AXIS, { ...AXIS, size: 70, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? name(tick) : "")) }];
  const y = { range: () => [0, sorted.length] };
  chart(body, [times, times.map(() => null)], { series: [{}, {}], axes, scales: { ...timeAxis(range), y }, hooks: { draw: [paint] } });
}

export const kinds = { timeseries, stat, bargauge, heatmap };

export function empty(body, text, className = "empty") {
  body.append(element("div", className, text));
}

export { element };
