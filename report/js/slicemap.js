/* slicemap.js - which stored bytes each slice reads: a row a slice, the objects end to end along the axis. */

const STRIP = 16;

/* All rows in one: what several slices read, one, or none. */
function drawStrip(ctx, frame, depths) {
	const shares = new Shares(frame, ['shared', 'fetch', 'queued']);
	for (const { begin, end, depth } of depths)
		shares.add(depth > 1 ? 0 : 1 + (depth === 0), begin, end);
	shares.draw(ctx, 2, STRIP - 6);
}

/* Where one object ends and the next begins. */
function drawBorders(ctx, frame, bases) {
	if ((frame.width - GUTTER) / bases.length < 4)
		return;
	ctx.fillStyle = color('muted');
	for (const base of bases.slice(1))
		ctx.fillRect(Math.round(frame.x(base)), 0, 1, frame.height);
}

function eachShown(model, frame, act) {
	for (let i = 0; i < model.spans.slice.length; i++) {
		const slice = model.spans.slice[i];
		if (slice + 1 >= frame.first && slice < frame.last)
			act(spanOf(model, i));
	}
}

/* `least`: pixels that are drawn of any, so that a few among thousands are seen. */
function drawSpans(ctx, frame, model, { name, least, has }) {
	const tall = Math.max(least, barTall(frame, 1));
	ctx.fillStyle = color(name);
	eachShown(model, frame, ({ slice, begin, end }) => {
		const x = frame.x(begin);
		if (has(slice))
			ctx.fillRect(x, frame.y(slice), Math.max(least, frame.x(end) - x), tall);
	});
}

/* Of each row, the parts that other slices read too. */
function drawShared(ctx, frame, model, shared) {
	const tall = barTall(frame, 1);
	if (frame.perRow < 3)
		return;
	ctx.fillStyle = color('shared');
	eachShown(model, frame, ({ slice, begin, end }) => {
		for (let k = firstPast(shared, (part) => part.end > begin); k < shared.length && shared[k].begin < end; k++) {
			const x = frame.x(Math.max(begin, shared[k].begin));
			ctx.fillRect(x, frame.y(slice), Math.max(1, frame.x(Math.min(end, shared[k].end)) - x), tall);
		}
	});
}

function tellSpan(model, i) {
	const { begin, end, object } = model.spans;
	const of = model.objects.length > 1 ? ` of ${baseName(model.objects[object[i]].url)}` : '';
	return `bytes ${formatCount(begin[i])} to ${formatCount(end[i])}${of}`;
}

function tellSlice(model, spans, slice) {
	const { records, bytes, requests, needed } = model.slices;
	return [
		`slice ${formatCount(slice)}`, ...spans.map((i) => tellSpan(model, i)),
		records[slice] !== null && formatNoun(records[slice], model.noun),
		`${formatBytes(bytes[slice])} in ${formatNoun(requests[slice], 'GET')}`,
		needed[slice] > 0 && `${formatTimes(bytes[slice] / needed[slice])} of what it needs`,
	].filter(Boolean).join(' · ');
}

/* How much is read by how many. */
function sliceLegend(model, depths, anyFailed) {
	const sizeOf = (test) => sumOf(depths.filter(({ depth }) => test(depth)).map(({ begin, end }) => end - begin));
	const shared = sizeOf((depth) => depth > 1);
	const none = sizeOf((depth) => depth === 0);
	const most = depths.reduce((max, { depth }) => Math.max(max, depth), 0);
	const share = (bytes) => `${formatBytes(bytes)}, ${formatPercent(bytes, model.size)}`;
	return legendOf([
		['fetch', 'by one slice'],
		shared > 0 && ['shared', 'by several', `${share(shared)}; at most ${formatCount(most)} at one place`],
		none > 0 && ['queued', 'by none', share(none)],
		anyFailed && ['bad', 'by one that failed'],
	]);
}

function spansOfSlices(model) {
	const of = indexesOf(model.slices.n).map(() => []);
	model.spans.slice.forEach((slice, i) => of[slice].push(i));
	return of;
}

function sliceMap(model) {
	const depths = depthsOf(model);
	const shared = depths.filter(({ depth }) => depth > 1);
	const failed = new Set(model.isMap ? model.tasks.slice.filter((_, i) => !model.isGood(i)) : []);
	const spansOf = spansOfSlices(model);
	const n = model.slices.n;
	const chart = new RowsChart({
		label: `Slice map: ${formatNoun(n, 'slice')} over ${formatBytes(model.size)}.`,
		rows: n, end: model.size, height: STRIP + Math.min(320, Math.max(n * ROW_TALL, 60)), head: STRIP,
		format: formatBytes, step: decimalStep, name: formatCount,
		drawHead: (ctx, frame) => drawStrip(ctx, frame, depths),
		draw: (ctx, frame) => {
			drawBorders(ctx, frame, model.bases);
			drawSpans(ctx, frame, model, { name: 'fetch', least: 1.5, has: (slice) => !failed.has(slice) });
			drawShared(ctx, frame, model, shared);
			drawSpans(ctx, frame, model, { name: 'bad', least: 4, has: (slice) => failed.has(slice) });
		},
		find: (x, row) => row,
		at: (row) => (spansOf[row].length ? spanOf(model, spansOf[row][0]).begin : 0),
		tell: (slice) => tellSlice(model, spansOf[slice], slice),
	});
	const many = `${formatCount(model.objects.length)} objects end to end`;
	const objects = model.objects.length > 1 ? many : 'the object';
	const about = `The stored bytes that each slice ${model.isMap ? 'read' : 'will read'}: a row for each slice, `
		+ `${objects} from left to right. The strip on top has all rows in one.`;
	return card('Slice map', about, chart.whole, sliceLegend(model, depths, failed.size > 0), chart.node);
}
