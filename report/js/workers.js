/* workers.js - a row for each worker: its tasks one after the other, and where it had none. */

function tasksOfWorkers(model) {
	const of = indexesOf(model.workers).map(() => []);
	for (const i of inOrder(model.tasks, 'start'))
		of[model.tasks.worker[i]].push(i);
	return of;
}

/* Thin lines between tasks that are wide enough to be told apart. */
function drawSeams(ctx, frame, tasks, mine, y) {
	ctx.fillStyle = color('card');
	for (const i of mine) {
		if (tasks.time[i] * frame.perUnit >= 10)
			ctx.fillRect(frame.x(tasks.start[i]) - 0.5, y, 1, frame.perRow);
	}
}

function drawWorkers(ctx, frame, tasks, of) {
	for (let row = frame.first; row < Math.min(frame.last, of.length); row++) {
		const shares = new Shares(frame, PHASES);
		const y = frame.y(row);
		for (const i of of[row])
			phasesOf(tasks, i, (phase, begin, end) => shares.add(phase, begin, end));
		shares.draw(ctx, y, barTall(frame, 2));
		drawSeams(ctx, frame, tasks, of[row], y);
	}
}

/* What a worker did at a time; null: nothing. */
function taskAt(tasks, mine, time) {
	const next = firstPast(mine, (i) => tasks.start[i] > time);
	const i = mine[next - 1];
	return next > 0 && time <= tasks.start[i] + tasks.time[i] ? i : null;
}

function rowsOfWorkers(model) {
	const { tasks, workers, job } = model;
	const of = tasksOfWorkers(model);
	const tellWorker = (row) => `worker ${formatCount(row)} · ${formatNoun(of[row].length, 'task')}`;
	return {
		label: `Workers over time: ${formatNoun(workers, 'worker')}, ${formatTime(job.time)}.`,
		rows: workers, end: job.time, height: Math.min(420, Math.max(workers * 34, 60)),
		format: formatTime, step: timeStep, name: formatCount,
		draw: (ctx, frame) => {
			drawWorkers(ctx, frame, tasks, of);
			drawFailures(ctx, frame, model, (i) => tasks.worker[i]);
		},
		/* By keyboard a worker is chosen, by mouse one of its tasks. */
		find: (x, row) => (x === null ? { worker: row } : taskAt(tasks, of[row], x)),
		at: () => 0,
		tell: (item) => (typeof item === 'object' ? tellWorker(item.worker) : tellTask(model, item)),
	};
}
