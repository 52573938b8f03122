/* facts.js - the numbers of all slices together. data-key and data-value are what tests look at. */

const fact = (key, label, value, text) => ({ key, label, value, text });
const known = (n, format) => (n === null ? 'not known' : format(n));
const bothBytes = (n) => `${formatCount(n)} (${formatBytes(n)})`;
const countFact = (key, label, n) => fact(key, label, n, known(n, formatCount));
const bytesFact = (key, label, n) => fact(key, label, n, known(n, bothBytes));
const timeFact = (key, label, us) => fact(key, label, us, formatTime(us));

function factTable(caption, facts) {
	const row = ({ key, label, value, text }) => el('tr', el('th', { scope: 'row' }, label),
		el('td.text', { 'data-key': key, 'data-value': String(value) }, text));
	return el('table', caption && el('caption', caption), el('tbody', facts.filter(Boolean).map(row)));
}

const showStarted = (started) => started.replace('T', ' ').replace('Z', ' UTC');
const inWords = ({ task, strategy, args }) => [task || strategy, ...args].join(' ');

function costFacts({ requests, bytes, needed }) {
	return [
		countFact('requests', 'GETs', requests), bytesFact('bytes', 'Bytes read', bytes),
		bytesFact('needed', 'Bytes needed', needed),
		needed > 0 && fact('amplification', 'Read / needed', bytes / needed, formatTimes(bytes / needed)),
	];
}

function jobFacts(model) {
	const { job, totals, planned, tasks, slices, workers } = model;
	const rate = totals.bytes / (job.time || 1) * 1e6;
	return [
		factTable('The job', [
			fact('task', 'Task', job.task, inWords(job)), fact('executor', 'Executor', job.executor, job.executor),
			fact('started', 'Started', job.started, showStarted(job.started)),
			timeFact('job-time', 'Took', job.time), countFact('workers', 'Workers', workers),
			fact('code', 'Ended with', job.code, job.message ? `${job.code}: ${job.message}` : job.code),
		]),
		factTable('Slices', [
			countFact('slices', 'Slices', slices.n), countFact('done', 'Went well', tasks.n - model.failed),
			countFact('failed', 'Failed', model.failed), countFact('missing', 'Not reached', slices.n - tasks.n),
			countFact('attempts', 'Attempts', totals.attempts),
		]),
		factTable('What was read', [
			...costFacts(totals), fact('rate', 'Bytes a second', rate, formatRate(rate)),
			countFact('planned-requests', 'GETs planned', planned.requests),
			bytesFact('planned-bytes', 'Bytes planned', planned.bytes),
		]),
		factTable('Where the workers’ time went', [
			...PHASES.map((name) => timeFact(name, capital(PHASE_NAMES[name]), totals[name])),
			timeFact('busy', 'All tasks', totals.time),
			timeFact('idle', 'Workers without a task', Math.max(0, workers * job.time - totals.time)),
		]),
	];
}

/* null where one is not known. */
function indexSize({ objects }) {
	const sizes = objects.map((object) => object.index_size);
	return sizes.includes(null) ? null : sumOf(sizes);
}

function planFacts(model) {
	const { job, objects, slices, planned, size } = model;
	const index = indexSize(model);
	return [
		factTable('The cut', [
			fact('strategy', 'Strategy', job.strategy, inWords(job)), countFact('slices', 'Slices', slices.n),
			countFact('objects', 'Objects', objects.length),
		]),
		factTable('What all slices will read', costFacts(planned)),
		factTable('Index', [
			bytesFact('index', 'Index', index), bytesFact('size', 'Data', size),
			index !== null && size > 0 && fact('index-share', 'Index / data', index / size, formatPercent(index, size)),
		]),
	];
}

function summary(model) {
	return card('Summary', null, null, el('div.facts', model.isMap ? jobFacts(model) : planFacts(model)));
}

/* The total of a task; most are flat objects. */
function result({ job }) {
	const value = job.result;
	if (value === null)
		return null;
	const flat = typeof value === 'object' && !Array.isArray(value);
	const plain = (v) => (typeof v === 'object' ? JSON.stringify(v) : String(v));
	const text = (v) => (Number.isInteger(v) && v >= 0 ? formatCount(v) : plain(v));
	const rows = Object.entries(flat ? value : { total: value });
	const facts = rows.map(([key, v]) => fact(`result-${key}`, key, plain(v), text(v)));
	return card('Result', 'Merged of all slices that went well.', null, el('div.facts', factTable(null, facts)));
}
