// Numbers with their units, by Grafana's names of units.
function scaled(value, steps, base, digits = 3) {
  let at = 0;
  while (Math.abs(value) >= base && at < steps.length - 1) {
    value /= base;
    at += 1;
  }
  return `${Number(value.toPrecision(digits))}${steps[at]}`;
}

function time(value) {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${Number((value * 1e6).toPrecision(3))} µs`;
  if (size < 1) return `${Number((value * 1e3).toPrecision(3))} ms`;
  if (size < 120) return `${Number(value.toPrecision(3))} s`;
  return size < 7200 ? `${(value / 60).toFixed(1)} min` : `${(value / 3600).toFixed(1)} h`;
}

const units = {
  none: (value) => String(Number(value.toPrecision(6))),
  short: (value) => scaled(value, ["", " K", " Mil", " Bil"], 1000),
  reqps: (value) => scaled(value, [" req/s", " K req/s", " M req/s"], 1000),
  percentunit: (value) => `${Number((value * 100).toPrecision(3))}%`,
  bytes: (value) => scaled(value, [" B", " KiB", " MiB", " GiB", " TiB"], 1024),
  Bps: (value) => scaled(value, [" B/s", " kB/s", " MB/s", " GB/s"], 1000),
  s: time,
};

export function format(value, unit, decimals) {
  if (value === null || value === undefined) return "–";
  if (unit === "none" && decimals !== undefined && decimals !== null) return value.toFixed(decimals);
  return (units[unit] ?? units.short)(value);
}
