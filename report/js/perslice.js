/* perslice.js - a value of each slice: how even a cut is. */

const SLICE_VALUES = {
	bytes: ['Bytes read', formatBytes, ({ bytes }) => bytes],
	records: ['Records', formatShort, ({ records }) => records],
	requests: ['GETs', formatShort, ({ requests }) => requests],
	units: ['Units', formatShort, ({ units }) => units],
	extra: ['Read / needed', formatTimes, ({ bytes, needed }) =>
		bytes.map((n, i) => (needed[i] ? n / needed[i] : null))],
};

function perSliceChart(model, key) {
	const [title, format, take] = SLICE_VALUES[key];
	const values = take(model.slices);
	const { mean, max } = spreadOf(values);
	const n = model.slices.n;
	const series = n <= 400 ? filled(0.55, 0, uPlot.paths.bars({ size: [0.86, 60] }))
		: filled(0.2, 1, uPlot.paths.stepped({ align: 1 }));
	return chartOf({
		title, height: 220, rest: `${format(mean)} in the mean, ${format(max)} at most`,
		tell: (i) => `slice ${formatCount(i)}: ${values[i] === null ? 'not known' : format(values[i])}`,
	}, {
		scales: { x: { time: false, range: () => [-0.5, Math.max(0.5, n - 0.5)] }, y: { range: fromZero } },
		axes: [below(formatCount, { incrs: WHOLE }), beside(format)],
		hooks: { draw: [(plot) => drawLevel(plot, mean)] },
		series: [{}, series],
	}, [indexesOf(n), values]).node;
}

function perSlice(model) {
	const isKnown = (key) => {
		const values = SLICE_VALUES[key][2](model.slices);
		return values !== null && values.some((v) => v !== null);
	};
	const keys = Object.keys(SLICE_VALUES).filter(isKnown);
	const place = el('div', perSliceChart(model, keys[0]));
	const pick = choice('Show', keys.map((key) => [key, SLICE_VALUES[key][0]]), keys[0], (key) => {
		place.replaceChildren(perSliceChart(model, key));
		paintAll();
	});
	return card('Slice by slice', 'How even the cut is; the dashed line is the mean.', pick, place);
}
