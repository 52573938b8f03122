/* gantt.js - when each task ran, and how its time divides: a row for each task, or for each worker (workers.js). */

/* A task's phases, one behind the other; in truth they took turns. */
function phasesOf(tasks, i, each) {
	const sum = sumOf(PHASES.map((name) => tasks[name][i]));
	/* Readers side by side sum up to more than the task took. */
	const scale = sum > tasks.time[i] ? tasks.time[i] / sum : 1;
	let at = tasks.start[i];
	PHASES.forEach((name, phase) => {
		const end = at + tasks[name][i] * scale;
		if (end > at)
			each(phase, at, end);
		at = end;
	});
}

function drawFailures(ctx, frame, model, rowOf) {
	const { tasks } = model;
	const tall = Math.max(3, frame.perRow - 1);
	ctx.fillStyle = color('bad');
	for (let i = 0; i < tasks.n; i++) {
		if (!model.isGood(i))
			ctx.fillRect(frame.x(tasks.start[i] + tasks.time[i]) - 2, frame.y(rowOf(i) + 0.5) - tall / 2, 4, tall);
	}
}

function drawQueued(ctx, frame, tasks, order) {
	ctx.fillStyle = color('queued');
	for (let row = frame.first; row < Math.min(frame.last, order.length); row++)
		ctx.fillRect(frame.x(0), frame.y(row), tasks.start[order[row]] * frame.perUnit, barTall(frame, 1));
}

function drawPhase(ctx, frame, tasks, order, phase) {
	const { view } = frame;
	const tall = barTall(frame, 1);
	ctx.fillStyle = color(PHASES[phase]);
	for (let row = frame.first; row < Math.min(frame.last, order.length); row++) {
		phasesOf(tasks, order[row], (which, begin, end) => {
			if (which === phase && end >= view.lo && begin < view.hi)
				ctx.fillRect(frame.x(begin), frame.y(row), Math.max(0.75, (end - begin) * frame.perUnit), tall);
		});
	}
}

/* Orders of tasks; the slice decides where they are equal. */
const ORDERS = {
	slice: () => 0,
	start: (tasks, a, b) => tasks.start[a] - tasks.start[b],
	time: (tasks, a, b) => tasks.time[b] - tasks.time[a],
};

function inOrder(tasks, by) {
	return indexesOf(tasks.n).sort((a, b) => ORDERS[by](tasks, a, b) || tasks.slice[a] - tasks.slice[b]);
}

function tellTask(model, i) {
	const { tasks } = model;
	const took = PHASES.filter((name) => tasks[name][i] > 0);
	return [
		`slice ${formatCount(tasks.slice[i])}`,
		!model.isGood(i) && `failed: ${model.codeName(tasks.code[i])}`,
		`${formatTime(tasks.time[i])} from ${formatTime(tasks.start[i])}`,
		...took.map((name) => `${PHASE_NAMES[name]} ${formatTime(tasks[name][i])}`),
		`${formatBytes(tasks.bytes[i])} in ${formatNoun(tasks.requests[i], 'GET')}`,
		`worker ${formatCount(tasks.worker[i])}`,
		tasks.attempts[i] > 1 && formatNoun(tasks.attempts[i], 'attempt'),
	].filter(Boolean).join(' · ');
}

function rowsOfTasks(model, by) {
	const { tasks, job } = model;
	const order = inOrder(tasks, by);
	const rowOf = new Int32Array(tasks.n);
	order.forEach((i, row) => { rowOf[i] = row; });
	return {
		label: `Tasks over time: ${formatNoun(tasks.n, 'task')} in ${formatTime(job.time)}.`,
		rows: tasks.n, end: job.time, height: Math.min(380, Math.max(tasks.n * ROW_TALL, 60)),
		format: formatTime, step: timeStep, name: (row) => formatCount(tasks.slice[order[row]]),
		draw: (ctx, frame) => {
			drawQueued(ctx, frame, tasks, order);
			PHASES.forEach((name, phase) => drawPhase(ctx, frame, tasks, order, phase));
			drawFailures(ctx, frame, model, (i) => rowOf[i]);
		},
		find: (x, row) => order[row],
		at: (row) => tasks.start[order[row]],
		tell: (i) => tellTask(model, i),
	};
}

function phaseLegend(model, withQueue) {
	const { totals } = model;
	const all = sumOf(PHASES.map((name) => totals[name]));
	const share = (name) => `${formatTime(totals[name])}, ${formatPercent(totals[name], all)}`;
	const shown = PHASES.filter((name) => name !== 'wait' || totals.wait > 0);
	return legendOf([
		withQueue && ['queued', 'queued'],
		...shown.map((name) => [name, PHASE_NAMES[name], share(name)]),
		model.failed > 0 && ['bad', 'failed'],
	]);
}

/* The card, and its chart: other charts follow its zoom. */
function gantt(model) {
	let by = 'slice';
	let rows = model.tasks.n <= 400 ? 'tasks' : 'workers';
	const chosen = () => (rows === 'tasks' ? rowsOfTasks(model, by) : rowsOfWorkers(model));
	const chart = new RowsChart(chosen());
	const legend = el('div');
	const orders = choice('Order', [['slice', 'slice'], ['start', 'start'], ['time', 'longest']], by, (value) => {
		by = value;
		chart.set(chosen());
	});
	const update = () => {
		orders.hidden = rows !== 'tasks';
		legend.replaceChildren(phaseLegend(model, rows === 'tasks'));
	};
	const kinds = choice('Rows', [['tasks', 'tasks'], ['workers', 'workers']], rows, (value) => {
		rows = value;
		update();
		chart.set(chosen());
	});
	update();
	const about = 'When each task ran, and how its time divides. The phases take turns batch by batch; they are drawn '
		+ 'one behind the other.';
	return { chart, node: card('Tasks over time', about, [chart.whole, orders, kinds], legend, chart.node) };
}
