/* charts.js - what all charts by uPlot share. */

const CHART_FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const inSeconds = (seconds) => formatTime(seconds * 1e6);

/* Steps of an axis of seconds, and of one that counts. */
const decades = (from, to) => indexesOf(to - from + 1).flatMap((i) => [1, 2, 5].map((k) => k * 10 ** (from + i)));
const STEPS = [...decades(-6, 0), 10, ...LONG_STEPS.map((us) => us / 1e6)];
const WHOLE = decades(0, 9);

function axisOf(format, options) {
	const short = shortly(format);
	return {
		stroke: () => color('muted'), font: CHART_FONT, grid: { stroke: () => color('grid'), width: 1 },
		ticks: { show: false }, values: (plot, splits) => splits.map(short), ...options,
	};
}

/* The axis below, and the one at the left. */
const below = (format, options) => axisOf(format, { size: 24, gap: 2, space: 90, ...options });
const beside = (format, options) => axisOf(format, { size: GUTTER, space: 34, ...options });

/* A line or bars with what is below them filled. */
function filled(share, width, paths) {
	return { stroke: () => color('accent'), fill: () => fade('accent', share), width, paths, points: { show: false } };
}

/* From 0 to a little above the largest. */
const fromZero = (plot, min, max) => [0, max > 0 ? max * 1.08 : 1];

/* A dashed line across. */
function drawLevel(plot, value) {
	const { ctx, bbox } = plot;
	const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
	if (y < bbox.top)
		return;
	ctx.save();
	ctx.strokeStyle = color('muted');
	ctx.lineWidth = 1;
	ctx.setLineDash([4, 4]);
	ctx.beginPath();
	ctx.moveTo(bbox.left, y);
	ctx.lineTo(bbox.left + bbox.width, y);
	ctx.stroke();
	ctx.restore();
}

/*
 * A uPlot as wide as its place, under a line with its title and what tell(i) says of the point at the mouse, or `rest`.
 * `options` are uPlot's own.
 */
function chartOf({ title, rest, height, tell }, options, data) {
	const says = el('span', rest);
	const place = el('div');
	const node = el('div.chart', { role: 'img', 'aria-label': `${title}: ${rest}` },
		el('p.says', el('b', title), says), place);
	const plot = new uPlot({
		width: 600, height, padding: [6, MARGIN, 0, 0], legend: { show: false }, ...options,
		cursor: { points: { size: 7 }, drag: { x: true, y: false }, y: false, ...options.cursor },
	}, data, place);
	plot.hooks.setCursor = [({ cursor }) => {
		says.textContent = Number.isInteger(cursor.idx) ? tell(cursor.idx) : rest;
	}];
	onPaint(place, () => plot.setSize({ width: Math.max(100, place.clientWidth), height }));
	return { node, plot };
}
