/* overtime.js - what came from the store, and how many tasks ran, over the job's time. */

/* All lines have one cursor; the last one has the axis. */
function lineOverTime(title, format, seconds, values, isLast) {
	const { mean, max } = spreadOf(values.slice(0, -1));
	const silent = { size: 6, values: (plot, splits) => splits.map(() => '') };
	const axis = { space: 100, incrs: STEPS, ...(isLast ? {} : silent) };
	return chartOf({
		title, height: isLast ? 112 : 94, rest: `${format(mean)} in the mean, ${format(max)} at most`,
		tell: (i) => `${format(values[i])} at ${inSeconds(seconds[i])}`,
	}, {
		cursor: { sync: { key: 'time' } },
		scales: { x: { time: false }, y: { range: fromZero } },
		axes: [below(inSeconds, axis), beside(format, { space: 28 })],
		series: [{}, filled(0.16, 1.5, uPlot.paths.stepped({ align: 1 }))],
	}, [seconds, values]);
}

/* One zoom for the tasks and the lines. */
function linkTimes(chart, lines) {
	let busy = false;
	const once = (act) => {
		if (busy)
			return;
		busy = true;
		act();
		busy = false;
	};
	const follow = () => lines.forEach(({ plot }) =>
		plot.setScale('x', { min: chart.view.lo / 1e6, max: chart.view.hi / 1e6 }));
	const lead = ({ scales }) => once(() => {
		chart.show((view) => view.show(scales.x.min * 1e6, scales.x.max * 1e6), true);
		follow();
	});
	chart.onview = () => once(follow);
	for (const { plot } of lines)
		plot.hooks.setScale = [(self, key) => key === 'x' && lead(self)];
}

function jobOverTime(model, chart) {
	const n = Math.min(240, Math.max(60, model.tasks.n));
	const { seconds, bytes, requests, active } = bucketTimes(model, n);
	const lines = [
		lineOverTime('Read', formatRate, seconds, bytes, false),
		lineOverTime('GETs', (v) => `${formatShort(v)}/s`, seconds, requests, false),
		lineOverTime('Tasks at once', formatShort, seconds, active, true),
	];
	const about = 'What came from the store, and how many tasks ran. A task’s bytes and GETs are spread evenly over '
		+ 'its time.';
	linkTimes(chart, lines);
	return card('The job over time', about, null, lines.map(({ node }) => node));
}
