/* main.js - puts the page together. */

/* ---- the head ---- */

function tiles(items) {
	const tile = ([label, value, note]) => el('div', el('dt', label), el('dd', value, note && el('small', note)));
	return el('dl.tiles', items.filter(Boolean).map(tile));
}

function amplificationTile({ bytes, needed }) {
	return needed > 0 && ['Read / needed', formatTimes(bytes / needed), `${formatBytes(needed)} needed`];
}

function jobTiles(model) {
	const { job, totals, tasks, slices, workers } = model;
	const time = job.time || 1;
	const spread = spreadOf(tasks.time);
	const again = Math.max(0, totals.attempts - tasks.n);
	const rate = [totals.bytes / time * 1e6, totals.requests / time * 1e6];
	const busy = totals.time / (workers * time);
	return tiles([
		['Took', formatTime(job.time), formatNoun(workers, 'worker')],
		['Slices', formatCount(slices.n), model.failed ? `${formatCount(model.failed)} failed` : 'none failed'],
		['Read', formatBytes(totals.bytes), `of ${formatBytes(model.size)} stored`],
		['Rate', formatRate(rate[0]), `${formatShort(rate[1])} GETs a second`],
		['GETs', formatCount(totals.requests), again ? `${formatCount(again)} more attempts` : 'no task tried again'],
		amplificationTile(totals),
		spread && ['Workers busy', formatPercent(busy, 1), `longest ${formatTimes(spread.peak)} mean`],
	]);
}

function planTiles(model) {
	const { planned, slices, size } = model;
	const index = indexSize(model);
	const spread = spreadOf(slices.bytes);
	const records = slices.records.includes(null) ? null : formatNoun(sumOf(slices.records), model.noun);
	return tiles([
		['Slices', formatCount(slices.n), records],
		['Will read', formatBytes(planned.bytes), `of ${formatBytes(size)} stored`],
		['GETs', formatCount(planned.requests), slices.n > 0 && `${formatAmount(planned.requests / slices.n)} a slice`],
		amplificationTile(planned),
		spread && ['Largest slice', formatTimes(spread.peak), `of the mean, ${formatBytes(spread.mean)}`],
		index !== null && ['Index', formatPercent(index, size), `of the data, ${formatBytes(index)}`],
	]);
}

function verdict({ job, slices, tasks, failed }) {
	const { n } = slices;
	const missing = n - tasks.n;
	const well = ['There was no slice', 'The slice went well'][n] || `All ${formatCount(n)} slices went well`;
	if (failed + missing === 0 && job.code === 'DP_OK')
		return el('p.verdict', well);
	const words = [
		failed > 0 && `${formatCount(failed)} of ${formatNoun(n, 'slice')} failed`,
		missing > 0 && `${formatCount(missing)} of ${formatNoun(n, 'slice')} not reached`,
	].filter(Boolean);
	return el('p.verdict.bad', words.join(', ') || `${job.code}: ${job.message}`);
}

function nameOf(objects) {
	const names = objects.slice(0, 3).map(({ url }) => baseName(url));
	return objects.length <= 3 ? names.join(', ') : `${names[0]} and ${formatCount(objects.length - 1)} more`;
}

function headOf(model) {
	const { job, objects, size, isMap } = model;
	const what = inWords(job);
	const name = nameOf(objects);
	const where = [
		objects.length === 1 && objects[0].url, objects.length > 0 && objects[0].format,
		objects.length > 0 && formatBytes(size), isMap && showStarted(job.started),
	].filter(Boolean);
	document.title = `${what} · ${name || 'no object'} · dataplug`;
	return [
		el('p.brand', el('b', 'dataplug'), isMap ? ' · job report' : ' · partition report'),
		el('h1', what, name && ` ${isMap ? 'over' : 'of'} ${name}`),
		el('p.where', where.join(' · ')),
		isMap && verdict(model),
	];
}

/* ---- the body: what failed, where time went, what was read, and all numbers ---- */

function jobSections(model) {
	if (model.tasks.n === 0)
		return [jobTiles(model), summary(model)];
	const { chart, node } = gantt(model);
	return [
		jobTiles(model), failures(model), node, jobOverTime(model, chart), sliceMap(model),
		el('div.pair', scatter(model), histogram(model)), balance(model), longest(model), result(model), summary(model),
	];
}

function planSections(model) {
	if (model.slices.n === 0)
		return [planTiles(model), summary(model)];
	return [planTiles(model), sliceMap(model), perSlice(model), balance(model), largest(model), summary(model)];
}

function saveButton(text) {
	const button = el('button', { type: 'button' }, 'Save the data as JSON');
	button.addEventListener('click', () => {
		const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
		el('a', { href: url, download: 'dataplug-report.json' }).click();
		setTimeout(() => URL.revokeObjectURL(url), 1000);
	});
	return button;
}

function show(text) {
	const model = readModel(text);
	const fill = (id, nodes) => document.getElementById(id).append(...nodes.filter(Boolean));
	fill('head', headOf(model));
	fill('main', model.isMap ? jobSections(model) : planSections(model));
	fill('foot', [saveButton(text), `Made by dataplug ${model.library}. This page needs no network and uses none.`]);
	paintAll();
}

/* ---- what tests ask the page: what went wrong, and when all was drawn ---- */

const status = document.documentElement.dataset;
status.errors = '0';

function noteError(what) {
	status.errors = String(Number(status.errors) + 1);
	status.error = String(what);
}

for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation'])
	window.addEventListener(name, (event) => noteError(event.message || event.reason || event.violatedDirective));

try {
	show(document.getElementById('data').textContent);
	/* Reading a pixel back makes the browser paint what it was told so far. */
	for (const canvas of document.querySelectorAll('canvas'))
		canvas.getContext('2d').getImageData(0, 0, 1, 1);
	status.drawn = performance.now().toFixed(1);
} catch (error) {
	noteError(error.stack);
	document.getElementById('main').append(el('p.notice', `This report cannot be shown: ${error.message}`));
}
