/* spread.js - how the tasks differ: their time against their bytes, and how many took how long. */

const GOOD = 0;
const SLOW = 1;
const FAILED = 2;

function kindOf(model, i) {
	return !model.isGood(i) ? FAILED : model.isStraggler(i) ? SLOW : GOOD;
}

/* All points, with a little room at the ends. */
function padded(plot, min, max) {
	const room = (max - min) * 0.03 || Math.max(1, max * 0.1);
	return [Math.max(0, min - room), max + room];
}

function pointsOf(name, size, share) {
	const points = { show: true, size, width: 0, fill: () => fade(name, share) };
	return { stroke: () => color(name), paths: () => null, points };
}

function scatterChart(model, order, columns) {
	const { tasks, median } = model;
	const limit = STRAGGLER * median / 1e6;
	const size = tasks.n > 2000 ? 3 : tasks.n > 200 ? 5 : 8;
	const share = tasks.n > 200 ? 0.5 : 0.8;
	const took = (i) => `${formatBytes(tasks.bytes[i])} in ${formatTime(tasks.time[i])}`;
	/* The limit is shown where some task comes near it. */
	const range = (plot, min, max) => fromZero(plot, 0, max > limit * 0.7 ? Math.max(max, limit) : max);
	const kinds = [['fetch', size], ['decode', size + 2], ['bad', size + 2]];
	return chartOf({
		title: formatNoun(tasks.n, 'task'), height: 280, rest: `${formatTime(median)} in the median`,
		tell: (at) => `slice ${formatCount(tasks.slice[order[at]])}: ${took(order[at])}`,
	}, {
		scales: { x: { time: false, range: padded }, y: { range } },
		axes: [below(formatBytes), beside(inSeconds, { incrs: STEPS })],
		hooks: { draw: [(plot) => drawLevel(plot, limit)] },
		series: [{}, ...kinds.map(([name, dots]) => pointsOf(name, dots, share))],
	}, [order.map((i) => tasks.bytes[i]), ...columns]).node;
}

function scatter(model) {
	const { tasks, median } = model;
	const order = indexesOf(tasks.n).sort((a, b) => tasks.bytes[a] - tasks.bytes[b]);
	const columnOf = (kind) => order.map((i) => (kindOf(model, i) === kind ? tasks.time[i] / 1e6 : null));
	const columns = [GOOD, SLOW, FAILED].map(columnOf);
	const [, slow, failed] = columns.map((values) => values.filter((v) => v !== null).length);
	const who = slow ? `${formatNoun(slow, 'straggler')} above the dashed line` : 'None';
	const about = `Each point is a task. ${who} took more than ${STRAGGLER} times the median, ${formatTime(median)}.`;
	const legend = legendOf([['fetch', 'task'], slow > 0 && ['decode', 'straggler'], failed > 0 && ['bad', 'failed']]);
	return card('Time against bytes', about, null, slow + failed > 0 && legend, scatterChart(model, order, columns));
}

function histogram(model) {
	const { time, n } = model.tasks;
	const buckets = Math.min(48, Math.max(8, Math.ceil(Math.sqrt(n) * 2)));
	const { width, count } = bucketCounts(time, buckets);
	const { min, max, mean } = spreadOf(time);
	const { node } = chartOf({
		title: formatNoun(n, 'task'), height: 280, rest: `${formatTime(model.median)} in the median`,
		tell: (k) => `${formatCount(count[k])} took ${formatTime(k * width)} to ${formatTime((k + 1) * width)}`,
	}, {
		scales: { x: { time: false, range: () => [0, buckets * width / 1e6] }, y: { range: fromZero } },
		axes: [below(inSeconds, { incrs: STEPS }), beside(formatShort, { incrs: WHOLE })],
		series: [{}, filled(0.55, 0, uPlot.paths.bars({ size: [0.9, 60], align: 1 }))],
	}, [count.map((_, k) => k * width / 1e6), count]);
	const about = `From ${formatTime(min)} to ${formatTime(max)}, ${formatTime(mean)} in the mean.`;
	return card('How long tasks took', about, null, node);
}
