// Made by scripts/dev/page-script.ts from picture/frame, picture/steps, picture/marks, browser/brushes, browser/draw, browser/plots, browser/controls, browser/touch, browser/view, browser/picture, browser/page: do not edit.
(() => {
'use strict';
const axisWidth = 54;
const rateHeight = 190;
const latencyHeight = 120;
const timeAxisHeight = 26;
const rightMargin = 14;
const labelRow = 18;
const markRow = 20;
const mostLabelRows = 2;
const rateFoot = 7;
const leastHeight = 2;
function headHeight(bands        , events        )         {
  return Math.min(bands, mostLabelRows) * labelRow + (events > 0 ? markRow : 0) + 4;
}
const requestsInStep = 10;
function stepWidthMs(
  slotMs        ,
  windowMs        ,
  mostSteps        ,
  ratePerSecond        ,
)         {
  const forRequests = ratePerSecond > 0 ? (requestsInStep * 1000) / ratePerSecond : 0;
  const least = Math.max(windowMs / Math.max(1, mostSteps), Math.min(forRequests, 1000));
  const widths = [1, 10, 100, 1e3, 1e4, 1e5].flatMap((slots) =>
    [1, 2, 4, 5].map((many) => many * slots * slotMs),
  );
  const wide = widths.filter((width) => width >= least - 1e-9);
  const whole = (width        ) => Number.isInteger(Number(((width * ratePerSecond) / 1000).toFixed(6)));
  return wide.find((width) => whole(width) && width <= 4 * wide[0] ) ?? wide[0] ?? windowMs;
}
function ratesPerStep(
  counts                   ,
  slots        ,
  slotMs        ,
  stepMs        ,
)           {
  const perStep = Math.max(1, Math.round(stepMs / slotMs));
  const rates           = [];
  for (let from = 0; from < slots; from += perStep) {
    const to = Math.min(from + perStep, slots);
    let sum = 0;
    for (let slot = from; slot < to; slot++) sum += counts[slot] ?? 0;
    rates.push((sum * 1000) / ((to - from) * slotMs));
  }
  return rates;
}
function valuesPerStep(
  values                            ,
  slots        ,
  slotMs        ,
  stepMs        ,
  choice        ,
)                    {
  const perStep = Math.max(1, Math.round(stepMs / slotMs));
  const chosen                    = [];
  for (let from = 0; from < slots; from += perStep) {
    const own = values.slice(from, from + perStep).filter((value) => value !== null);
    own.sort((a, b) => a - b);
    chosen.push(own[choice === 'highest' ? own.length - 1 : Math.floor((own.length - 1) / 2)] ?? null);
  }
  return chosen;
}
const latencyLines = [
  ['p99Ms', 'p99', 'highest'],
  ['maxMs', 'slowest', 'highest'],
  ['p50Ms', 'p50', 'middle'],
]         ;
function secondsText(atMs        , stepMs        )         {
  const decimals = stepMs >= 1000 ? 0 : stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
  return (atMs / 1000).toFixed(decimals) + ' s';
}
function latencyText(ms        )         {
  if (ms >= 1000) return Number((ms / 1000).toPrecision(3)) + ' s';
  return Number(ms.toPrecision(3)) + ' ms';
}
function decadesBetween(low        , high        )           {
  return Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, index) => low * 10 ** index);
}
function decadesAround(values                            )                   {
  let low = Infinity;
  let high = 0;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high <= 0) return [1, 10];
  const from = Math.floor(Math.log10(Math.max(low, 0.1)) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(high) - 1e-9));
  return [10 ** from, 10 ** to];
}
function gatherMarks(positions                   , leastGap        )         {
  const marks         = [];
  positions.forEach((at, index) => {
    const before = marks[marks.length - 1];
    if (before && at - before.at < leastGap) before.last = index + 1;
    else marks.push({ at, first: index + 1, last: index + 1 });
  });
  return marks;
}
const leastLabelled = 6;
const few = 6;
function isLabelled(width        , bands        )          {
  return bands <= few || width >= leastLabelled;
}
function bandName(kind                    , label        )         {
  if (label.toLowerCase().startsWith(kind)) return label;
  return `${kind === 'fault' ? 'Fault' : 'Outage'}: ${label}`;
}
function markText({ first, last }      )         {
  return first === last ? String(first) : `${first}–${last}`;
}
function placeLabels(
  labels                  ,
  rightEdge        ,
  rows        ,
  gap        ,
)                                        {
  const taken                       = Array.from({ length: rows }, () => []);
  return labels.map(({ from, to, width }) => {
    const x = Math.max(0, Math.min(from, rightEdge - width));
    const [begin, end] = [Math.min(x, from), Math.max(x + width, to)];
    const row = taken.findIndex((spans) => spans.every(([a, b]) => end + gap <= a || begin >= b + gap));
    if (row < 0) return null;
    taken[row] .push([begin, end]);
    return { x, row };
  });
}
function brushesFor(context                          , ratio        )          {
  const style = getComputedStyle(document.documentElement);
  const color = (name        ) => style.getPropertyValue(name).trim();
  const known = new Map                                ();
  const fill = (paint        ) => {
    const made = known.get(paint) ?? patternOf(context, paint, ratio, color) ?? color(`--paint-${paint}`);
    known.set(paint, made);
    return made;
  };
  return { color, fill };
}
function patternOf(
  context                          ,
  paint        ,
  ratio        ,
  color                          ,
)                            {
  const pattern = document.getElementById(`pattern-${paint}`);
  const path = pattern?.querySelector('path');
  if (!pattern || !path) return undefined;
  const size = Number(pattern.getAttribute('width'));
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.round(size * ratio);
  const drawing = canvas.getContext('2d') ;
  drawing.scale(canvas.width / size, canvas.height / size);
  drawing.fillStyle = color(`--paint-${paint}`);
  drawing.fillRect(0, 0, size, size);
  drawing.strokeStyle = color('--hatch');
  drawing.lineWidth = Number(path.getAttribute('stroke-width'));
  drawing.stroke(new Path2D(path.getAttribute('d') ?? ''));
  return context.createPattern(canvas, 'repeat') ?? undefined;
}
const font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
function inside({ plot }        , draw            )       {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, height);
  plot.ctx.clip();
  draw();
  plot.ctx.restore();
}
function restoringState({ plot }        , draw            )       {
  plot.ctx.save();
  draw();
  plot.ctx.restore();
}
function drawRows(canvas        , rows                     , rates            , stepMs        )       {
  const { plot, brushes, ratio } = canvas;
  const x = (ms        ) => Math.round(plot.valToPos(ms, 'x', true));
  const y = (rate        ) => Math.round(plot.valToPos(rate, 'y', true));
  const { min = 0, max = 0 } = plot.scales['x']                                  ;
  const steps = rates[0]?.length ?? 0;
  const from = Math.max(0, Math.floor(min / stepMs));
  const to = Math.min(steps, Math.ceil(max / stepMs));
  const below           = Array.from({ length: steps }, () => 0);
  rows.forEach(({ paint, failed, faded }, index) => {
    plot.ctx.fillStyle = brushes.fill(paint);
    plot.ctx.globalAlpha = faded ? 0.55 : 1;
    for (let step = from; step < to; step++) {
      const rate = rates[index] [step] ;
      if (rate === 0) continue;
      const bottom = y(below[step] );
      below[step]  += rate;
      const height = Math.max(bottom - y(below[step] ), failed ? Math.round(leastHeight * ratio) : 0);
      const left = x(step * stepMs);
      plot.ctx.fillRect(left, bottom - height, Math.max(1, x((step + 1) * stepMs) - left), height);
    }
  });
  plot.ctx.globalAlpha = 1;
}
function drawBands({ plot, brushes, ratio }        , bands                      )       {
  const { top, height } = plot.bbox;
  for (const { kind, fromMs, toMs } of bands) {
    const [from, to] = [plot.valToPos(fromMs, 'x', true), plot.valToPos(toMs, 'x', true)];
    plot.ctx.fillStyle = brushes.color(`--band-${kind}`);
    plot.ctx.fillRect(from, top, Math.max(to - from, ratio), height);
  }
}
function drawBandEdges({ plot, brushes, ratio }        , bands                      )       {
  const { top, height } = plot.bbox;
  for (const { kind, fromMs, toMs } of bands) {
    const edges = [fromMs, toMs].map((ms) => plot.valToPos(ms, 'x', true));
    if (!isLabelled((edges[1]  - edges[0] ) / ratio, bands.length)) continue;
    plot.ctx.fillStyle = brushes.color(`--label-${kind}`);
    for (const edge of edges) plot.ctx.fillRect(Math.round(edge), top, ratio, height);
  }
}
function drawBandStrips({ plot, brushes, ratio }        , bands                      )       {
  const { left, width } = plot.bbox;
  const { ctx } = plot;
  ctx.font = `600 ${12 * ratio}px ${font}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const position = (ms        ) => Math.min(Math.max(plot.valToPos(ms, 'x', true) - left, 0), width);
  const padding = 4 * ratio;
  const shown = bands
    .map((band) => ({ ...band, from: position(band.fromMs), to: position(band.toMs) }))
    .filter(({ from, to }) => to > 0 && from < width && isLabelled((to - from) / ratio, bands.length))
    .map((band) => ({ ...band, text: cut(ctx, band.label, width - 2 * padding) }));
  const wanted = shown.map((band) => ({ ...band, width: ctx.measureText(band.text).width + 2 * padding }));
  placeLabels(wanted, width, mostLabelRows, 6 * ratio).forEach((place, index) => {
    if (!place) return;
    const { kind, from, to, text } = shown[index] ;
    const top = place.row * labelRow * ratio;
    const height = (labelRow - 2) * ratio;
    ctx.fillStyle = brushes.color(`--band-${kind}`);
    ctx.fillRect(left + from, top, Math.max(to - from, ratio), height);
    ctx.fillStyle = brushes.color(`--label-${kind}`);
    ctx.fillRect(left + from, top, 2 * ratio, height);
    ctx.fillText(text, left + place.x + padding, top + height / 2 + ratio / 2);
  });
}
function drawEvents(
  { plot, brushes, ratio }        ,
  events                       ,
  numbered         ,
)       {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const positions = events.map(({ atMs }) => plot.valToPos(atMs, 'x', true));
  const inSight = (at        ) => at >= left - ratio && at <= left + width + ratio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = brushes.color('--ink');
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const at of positions.filter(inSight)) {
    ctx.beginPath();
    ctx.moveTo(Math.round(at) + 0.5, top - (numbered ? 4 * ratio : 0));
    ctx.lineTo(Math.round(at) + 0.5, top + height);
    ctx.stroke();
  }
  ctx.restore();
  if (!numbered) return;
  ctx.fillStyle = brushes.color('--ink');
  ctx.font = `600 ${11 * ratio}px ${font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  for (const mark of gatherMarks(positions, markRow * ratio)) {
    const text = markText(mark);
    if (inSight(mark.at)) ctx.fillText(text, mark.at, top - (markRow / 2 + 1) * ratio);
  }
}
function cut(ctx                          , text        , width        )         {
  if (ctx.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && ctx.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}
const canvasOf = (plot       )         => {
  const ratio = plot.ctx.canvas.width / plot.width;
  return { plot, ratio, brushes: brushesFor(plot.ctx, ratio) };
};
const property = (name        ) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
function common(width        , syncKey        , controls          ) {
  const cursor               = {
    y: false,
    points: { show: false },
    sync: { key: syncKey, scales: ['x', null] },
    drag: { x: true, y: false, setScale: false },
    bind: { dblclick: () => () => (controls.reset(), null) },
  };
  const select       = (plot) => {
    const { left, width: selected } = plot.select;
    if (selected < 4) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    controls.zoom(plot.posToVal(left, 'x'), plot.posToVal(left + selected, 'x'));
  };
  const point       = (plot) => {
    const { left = -1 } = plot.cursor;
    controls.pointAt(left < 0 ? null : plot.posToVal(left, 'x'));
  };
  return { width, legend: { show: false }, cursor, select, point };
}
const labelFont = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const grid = { stroke: property('--faint'), width: 1 };
const axis = { stroke: property('--soft'), font: labelFont, grid, ticks: { show: false } };
const timeAxis             = {
  ...axis,
  size: timeAxisHeight,
  space: 64,
  values: (_plot, splits) => splits.map((ms) => secondsText(ms, (splits[1] ?? ms) - splits[0] )),
};
function rateOptions(
  data             ,
  width        ,
  syncKey        ,
  controls          ,
)                {
  const { select, point, ...shared } = common(width, syncKey, controls);
  const head = headHeight(data.bands.length, data.events.length);
  const area       = (plot) => {
    const canvas = canvasOf(plot);
    const { rates, stepMs } = controls.steps();
    inside(canvas, () => {
      drawBands(canvas, data.bands);
      drawRows(canvas, data.rows, rates, stepMs);
    });
  };
  const marks       = (plot) => {
    const canvas = canvasOf(plot);
    inside(canvas, () => drawBandEdges(canvas, data.bands));
    restoringState(canvas, () => {
      drawBandStrips(canvas, data.bands);
      drawEvents(canvas, data.events, true);
    });
  };
  return {
    ...shared,
    height: head + rateHeight + rateFoot,
    padding: [head, rightMargin, rateFoot, 0],
    scales: {
      x: { time: false },
      y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.06)] },
    },
    axes: [
      { ...axis, size: 0, values: () => [] },
      { ...axis, size: axisWidth, space: 40 },
    ],
    series: [{}, { stroke: 'transparent', width: 0, points: { show: false } }],
    hooks: { drawAxes: [area], draw: [marks], setSelect: [select], setCursor: [point] },
  };
}
function latencyOptions(
  data             ,
  width        ,
  syncKey        ,
  controls          ,
)                {
  const { select, point, ...shared } = common(width, syncKey, controls);
  const { p50Ms, p99Ms, maxMs } = data.latency;
  const [low, high] = decadesAround([...p50Ms, ...p99Ms, ...maxMs]);
  const decades = decadesBetween(low, high);
  const bands       = (plot) => {
    const canvas = canvasOf(plot);
    inside(canvas, () => drawBands(canvas, data.bands));
  };
  const events       = (plot) => {
    const canvas = canvasOf(plot);
    inside(canvas, () => drawBandEdges(canvas, data.bands));
    restoringState(canvas, () => drawEvents(canvas, data.events, false));
  };
  const paths = uPlot.paths.stepped ({ align: 1 });
  const line = { paths, points: { show: false }, spanGaps: false };
  return {
    ...shared,
    height: 6 + latencyHeight + timeAxisHeight,
    padding: [6, rightMargin, 0, 0],
    scales: { x: { time: false }, y: { distr: 3, range: [low, high] } },
    axes: [
      timeAxis,
      { ...axis, size: axisWidth, splits: () => decades, values: (_plot, splits) => splits.map(latencyText) },
    ],
    series: [
      {},
      { ...line, stroke: property('--p99'), width: 1.5 },
      { ...line, stroke: property('--soft'), width: 1, dash: [2, 3] },
      { ...line, stroke: property('--ink'), width: 2 },
    ],
    hooks: { drawAxes: [bands], draw: [events], setSelect: [select], setCursor: [point] },
  };
}
const around = 0.2;
const mostButtons = 6;
function readingsIn(figure             , rows        ) {
  const rateCells = [...figure.querySelectorAll             ('.of-rate .n')];
  const latencyCells = [...figure.querySelectorAll             ('.of-latency .n')];
  const whole = rateCells.map((cell) => cell.textContent);
  const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
  return {
    show(rates                        , latencies                               )       {
      rateCells
        .slice(0, rows)
        .forEach((cell, row) => (cell.textContent = `${number.format(rates[row] ?? 0)}/s`));
      latencyCells.forEach((cell, line) => {
        const ms = latencies[line] ?? null;
        cell.textContent = ms === null ? 'none' : latencyText(ms);
      });
    },
    rest()       {
      rateCells.forEach((cell, row) => (cell.textContent = whole[row] ?? ''));
      latencyCells.forEach((cell) => (cell.textContent = ''));
    },
  };
}
function zoomButtons(data             , show                                        ) {
  const list = document.createElement('div');
  list.className = 'zooms';
  const chosen = longest(data.bands, mostButtons - 1);
  const names = chosen.map(({ kind, label }) => bandName(kind, label));
  const views = [
    { name: 'Whole run', fromMs: 0, toMs: data.endMs },
    ...chosen.map(({ fromMs, toMs }, index) => {
      const margin = Math.max((toMs - fromMs) * around, 20 * data.slotMs);
      const alone = names.filter((name) => name === names[index]).length === 1;
      const name = alone ? names[index]  : `${names[index]}, ${secondsText(fromMs, 10)}`;
      return { name, fromMs: Math.max(0, fromMs - margin), toMs: Math.min(data.endMs, toMs + margin) };
    }),
  ];
  const buttons = views.map(({ name, fromMs, toMs }) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = name;
    button.addEventListener('click', () => show(fromMs, toMs));
    list.append(button);
    return button;
  });
  const mark = (fromMs        , toMs        ) => {
    const shown = views.findIndex(
      (one) => Math.abs(one.fromMs - fromMs) < 1 && Math.abs(one.toMs - toMs) < 1,
    );
    buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(index === shown)));
  };
  return { list, mark };
}
function longest(bands                      , most        )                       {
  const chosen = bands.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, most);
  return bands.filter((band) => chosen.includes(band));
}
const mouseOf = {
  pointerdown: 'mousedown',
  pointermove: 'mousemove',
  pointerup: 'mouseup',
  pointercancel: 'mouseup',
};
function dragByTouch(over             )       {
  for (const [pointer, mouse] of Object.entries(mouseOf))
    over.addEventListener(pointer, (event) => {
      const { pointerType, clientX, clientY } = event                ;
      if (pointerType !== 'touch') return;
      // uPlot ignores a move of 0, because Chrome sends such events without a movement.
      const moved = { clientX, clientY, movementX: 1 };
      over.dispatchEvent(new MouseEvent(mouse, { ...moved, bubbles: true, button: 0, buttons: 1 }));
    });
}
const leastStepWidth = 2.5;
function viewOf(data             , fromMs        , toMs        , width        )       {
  const { slots, slotMs, endMs, rows, latency, ratePerSecond } = data;
  const least = Math.min(4 * slotMs, endMs);
  const from = Math.max(0, Math.min(fromMs, endMs - least));
  const to = Math.min(endMs, Math.max(toMs, from + least));
  const mostSteps = (width - axisWidth - rightMargin) / leastStepWidth;
  const stepMs = stepWidthMs(slotMs, to - from, mostSteps, ratePerSecond);
  return {
    fromMs: from,
    toMs: to,
    stepMs,
    rates: rows.map(({ counts }) => ratesPerStep(counts, slots, slotMs, stepMs)),
    latency: latencyLines.map(([name, , choice]) =>
      valuesPerStep(latency[name], slots, slotMs, stepMs, choice),
    ),
  };
}
function rateData(data             , { rates, stepMs }      )                    {
  const count = rates[0]?.length ?? 0;
  const sums = Array.from({ length: count }, (_, step) => rates.reduce((sum, row) => sum + row[step] , 0));
  return [times(data, count, stepMs), [...sums, sums[count - 1] ?? 0, null]];
}
function latencyData(data             , { latency, stepMs }      )                    {
  const count = latency[0]?.length ?? 0;
  const lines = latency.map((row) => [...row, row[count - 1] ?? null, null]);
  return [times(data, count, stepMs), ...lines];
}
function times({ slots, slotMs, endMs }             , count        , stepMs        )           {
  return [...Array.from({ length: count }, (_, step) => step * stepMs), slots * slotMs, endMs + 1];
}
let pictures = 0;
class Picture                     {
           #data             ;
           #charts             ;
           #readout             ;
           #readings                               ;
           #zooms                                ;
           #rate       ;
           #latency       ;
  #view      ;
  constructor(figure             ) {
    const part = (selector        ) => figure.querySelector             (selector) ;
    const data = JSON.parse(part('script[type="application/json"]').textContent)               ;
    this.#data = data;
    this.#charts = part('.charts');
    this.#readout = part('.at');
    this.#readings = readingsIn(figure, data.rows.length);
    const width = this.#width();
    this.#view = viewOf(data, 0, data.endMs, width);
    const sync = `picture-${++pictures}`;
    const rates = rateData(this.#data, this.#view);
    this.#rate = new uPlot(rateOptions(data, width, sync, this), rates, part('.rate'));
    const latencies = latencyData(this.#data, this.#view);
    this.#latency = new uPlot(latencyOptions(data, width, sync, this), latencies, part('.latency'));
    this.#zooms = zoomButtons(data, (fromMs, toMs) => this.zoom(fromMs, toMs));
    this.#readout.before(this.#zooms.list);
    for (const still of figure.querySelectorAll             ('.still')) still.hidden = true;
    for (const { over } of this.#plots()) dragByTouch(over);
    this.reset();
    new ResizeObserver(() => this.#followWidth()).observe(this.#charts);
  }
  steps()       {
    return this.#view;
  }
  zoom(fromMs        , toMs        )       {
    this.#view = viewOf(this.#data, fromMs, toMs, this.#width());
    this.#rate.setData(rateData(this.#data, this.#view), false);
    this.#latency.setData(latencyData(this.#data, this.#view), false);
    const shown = { min: this.#view.fromMs, max: this.#view.toMs };
    for (const plot of this.#plots()) plot.setScale('x', shown);
    this.#zooms.mark(shown.min, shown.max);
    this.pointAt(null);
  }
  reset()       {
    this.zoom(0, this.#data.endMs);
  }
  pointAt(ms               )       {
    const { stepMs, rates, latency } = this.#view;
    if (ms === null) {
      this.#readout.textContent = `Steps of ${spanText(stepMs)}. Drag to zoom, double-click to reset.`;
      this.#readings.rest();
      return;
    }
    const step = Math.min(Math.max(0, Math.floor(ms / stepMs)), Math.ceil(this.#data.endMs / stepMs) - 1);
    const [from, to] = [step, step + 1].map((one) => secondsText(one * stepMs, stepMs));
    this.#readout.textContent = `From ${from} to ${to}`;
    this.#readings.show(
      rates.map((row) => row[step]),
      latency.map((row) => row[step]),
    );
  }
  redraw()       {
    for (const plot of this.#plots()) plot.redraw(false);
  }
  #plots()          {
    return [this.#rate, this.#latency];
  }
  #width()         {
    return Math.max(200, Math.floor(this.#charts.clientWidth));
  }
  #followWidth()       {
    const width = this.#width();
    if (this.#charts.clientWidth === 0 || this.#plots().every((plot) => plot.width === width)) return;
    for (const plot of this.#plots()) plot.setSize({ width, height: plot.height });
    this.zoom(this.#view.fromMs, this.#view.toMs);
  }
}
function spanText(ms        )         {
  return ms < 1000 ? `${Number(ms.toFixed(3))} ms` : latencyText(ms);
}
function drawInSight()       {
  const drawn            = [];
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        drawn.push(new Picture(target               ));
      }
    },
    { rootMargin: '200px' },
  );
  for (const charts of document.querySelectorAll('.experiment:has(.charts)')) observer.observe(charts);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    drawn.forEach((picture) => picture.redraw()),
  );
}
drawInSight();
})();
