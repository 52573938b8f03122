/* model.js - the report's data (docs/report.md), and what follows from it. */

const PHASES = ['fetch', 'decode', 'user', 'wait'];
const PHASE_NAMES = { fetch: 'fetch', decode: 'decode', user: 'task', wait: 'between attempts' };
/* A task that takes so many times the median is a straggler. */
const STRAGGLER = 3;

const indexesOf = (n) => Array.from({ length: n }, (_, i) => i);

/* A name for a URL that is short: what stands behind its last slash. */
function baseName(url) {
	const name = url.replace(/\/+$/, '').split('/').pop() || url;
	try {
		return decodeURIComponent(name);
	} catch (error) {
		return name;
	}
}

/* What is left of a task's time went between its attempts. */
function waitOf(tasks, i) {
	const left = tasks.time[i] - tasks.fetch[i] - tasks.decode[i] - tasks.user[i];
	return tasks.attempts[i] > 1 ? Math.max(0, left) : 0;
}

function readTasks(model) {
	const tasks = model.tasks;
	tasks.n = tasks.slice.length;
	tasks.wait = indexesOf(tasks.n).map((i) => waitOf(tasks, i));
	model.workers = tasks.worker.reduce((most, worker) => Math.max(most, worker + 1), 0);
	model.isGood = (i) => tasks.code[i] === 0;
	const good = tasks.time.filter((_, i) => model.isGood(i));
	model.median = medianOf(good.length ? good : tasks.time);
	model.isStraggler = (i) => tasks.time[i] > STRAGGLER * model.median;
	model.codeName = (code) => model.codes[code] || String(code);
	const summed = ['attempts', 'requests', 'bytes', 'time', ...PHASES];
	model.totals = Object.fromEntries(summed.map((name) => [name, sumOf(tasks[name])]));
	model.totals.needed = sumOf(tasks.slice.map((slice, i) => (model.isGood(i) ? model.slices.needed[slice] : 0)));
}

function readModel(text) {
	const model = JSON.parse(text);
	if (model.v !== 1)
		throw new Error(`this page shows version 1 of the data, not ${model.v}`);
	const slices = model.slices;
	slices.n = slices.bytes.length;
	model.isMap = model.kind === 'map';
	model.size = sumOf(model.objects.map((object) => object.size));
	model.noun = model.objects.length ? model.objects[0].record : 'record';
	/* Objects lie end to end on the slice map. */
	let end = 0;
	model.bases = model.objects.map((object) => (end += object.size) - object.size);
	model.planned = Object.fromEntries(['requests', 'bytes', 'needed'].map((name) => [name, sumOf(slices[name])]));
	if (model.isMap)
		readTasks(model);
	return model;
}

/* Where a span lies on the slice map. */
function spanOf(model, i) {
	const spans = model.spans;
	const base = model.bases[spans.object[i]];
	return { slice: spans.slice[i], begin: base + spans.begin[i], end: base + spans.end[i] };
}

/* How many slices read what: stretches { begin, end, depth } of the whole slice map, in order. */
function depthsOf(model) {
	const events = [[model.size, 0]];
	for (let i = 0; i < model.spans.slice.length; i++) {
		const { begin, end } = spanOf(model, i);
		events.push([begin, 1], [end, -1]);
	}
	events.sort((a, b) => a[0] - b[0]);
	const out = [];
	let at = 0;
	let depth = 0;
	for (const [place, step] of events) {
		if (place > at)
			out.push({ begin: at, end: place, depth });
		at = Math.max(at, place);
		depth += step;
	}
	return out;
}

/*
 * n buckets of the job's time, with what went on in each: bytes and requests a second, and tasks at once. A task's
 * bytes are spread evenly over its time.
 */
function bucketTimes(model, n) {
	const tasks = model.tasks;
	const width = model.job.time / n || 1;
	const sums = { bytes: new Float64Array(n), requests: new Float64Array(n), active: new Float64Array(n) };
	const bucket = (time) => Math.min(n - 1, Math.floor(time / width));
	for (let i = 0; i < tasks.n; i++) {
		const begin = tasks.start[i];
		const end = begin + Math.max(1, tasks.time[i]);
		for (let k = bucket(begin); k <= bucket(end); k++) {
			const part = (k === n - 1 ? end : Math.min(end, (k + 1) * width)) - Math.max(begin, k * width);
			sums.bytes[k] += tasks.bytes[i] * part / (end - begin);
			sums.requests[k] += tasks.requests[i] * part / (end - begin);
			sums.active[k] += part;
		}
	}
	/* One more, since the last bucket ends where no other begins. */
	const list = (values, per) => indexesOf(n + 1).map((k) => values[Math.min(k, n - 1)] / width * per);
	return {
		seconds: indexesOf(n + 1).map((k) => k * width / 1e6),
		bytes: list(sums.bytes, 1e6), requests: list(sums.requests, 1e6), active: list(sums.active, 1),
	};
}

/* How many values are in each of n buckets of one width, from 0 to the largest. */
function bucketCounts(values, n) {
	const width = values.reduce((a, b) => Math.max(a, b), 0) / n || 1;
	const count = new Array(n).fill(0);
	for (const v of values)
		count[Math.min(n - 1, Math.floor(v / width))]++;
	return { width, count };
}
