/*
 * rows.js - a chart of rows over one axis, on a canvas: bytes of objects, or time. It draws axes, zooms, and answers
 * mouse and keyboard. What is in the rows is the chart's own:
 *
 *	label            what it shows, in words
 *	rows, end        how many rows there are, and where the axis ends
 *	height, head     pixels of all rows, and of a strip above them (0 if it is not said)
 *	format, step     writes a value; the round number that is at least so much (decimalStep, timeStep)
 *	name(row)        what the row is called
 *	draw(ctx, frame), drawHead(ctx, frame)
 *	find(x, row)     the item at a place, or null; x null: any item of the row
 *	at(row)          where on the axis the row begins
 *	tell(item)       an item in words
 */

const GUTTER = 64;
const MARGIN = 24;
const AXIS = 22;
const ROW_TALL = 15;
const HINT = 'Drag to look closer, double-click to go back.';

/* Where things are while a chart is drawn. */
function frameOf(view, all, height, head) {
	const width = all - MARGIN;
	const perUnit = (width - GUTTER) / (view.hi - view.lo);
	const perRow = (height - head) / (view.bottom - view.top);
	return {
		view, width, height, head, perUnit, perRow,
		first: Math.max(0, Math.floor(view.top)), last: Math.ceil(view.bottom),
		x: (value) => GUTTER + (value - view.lo) * perUnit,
		y: (row) => head + (row - view.top) * perRow,
		value: (x) => view.lo + (x - GUTTER) / perUnit,
		row: (y) => Math.floor(view.top + (y - head) / perRow),
	};
}

/* How tall a row's bar is: with a gap below, if there is room for one. */
const barTall = (frame, gap) => Math.max(1, frame.perRow - (frame.perRow >= 4 ? gap : 0));

function drawAxis(ctx, frame, chart) {
	const { view, width, height } = frame;
	const format = shortly(chart.format);
	ctx.strokeStyle = color('grid');
	ctx.fillStyle = color('muted');
	ctx.textAlign = 'center';
	ctx.textBaseline = 'alphabetic';
	for (const tick of ticksOf(view.lo, view.hi, Math.max(2, (width - GUTTER) / 100), chart.step)) {
		const x = Math.round(frame.x(tick)) + 0.5;
		ctx.beginPath();
		ctx.moveTo(x, 0);
		ctx.lineTo(x, height);
		ctx.stroke();
		ctx.fillText(format(tick), x, height + 16);
	}
}

/* Names of rows, or of some of them where there is no room for all. */
function drawNames(ctx, frame, chart) {
	const rows = frame.perRow >= ROW_TALL - 1 ? indexesOf(frame.last - frame.first).map((i) => frame.first + i)
		: ticksOf(frame.first, frame.last - 1, frame.height / 45).filter(Number.isInteger);
	ctx.fillStyle = color('muted');
	ctx.textAlign = 'right';
	ctx.textBaseline = 'middle';
	for (const row of rows) {
		const y = frame.y(row + 0.5);
		if (row < chart.rows && y > frame.head + 6 && y < frame.height - 3)
			ctx.fillText(chart.name(row), GUTTER - 9, y);
	}
}

class RowsChart {
	constructor(chart) {
		this.canvas = el('canvas', { tabindex: 0, role: 'application', 'aria-roledescription': 'chart' });
		this.band = el('div.band', { hidden: true });
		this.box = el('div.rows', this.canvas, this.band);
		this.readout = el('output.readout', { 'aria-live': 'polite' });
		this.node = el('div', this.box, this.readout);
		this.whole = el('button', { type: 'button', hidden: true }, 'Show all');
		this.whole.addEventListener('click', () => this.show((view) => view.reset()));
		this.onview = () => {};
		onPaint(this.box, () => this.paint());
		new RowsInput(this);
		this.set(chart);
	}

	/* Another chart in the same place. */
	set(chart) {
		this.chart = chart;
		this.chosen = null;
		this.view = new View(chart.end, chart.rows);
		const keys = 'Arrow keys choose a row, plus and minus zoom, 0 shows all.';
		this.canvas.setAttribute('aria-label', `${chart.label} ${keys}`);
		this.say(null);
		this.show(() => {});
	}

	/* change(view) moves what is shown; `quiet`: nobody else follows. */
	show(change, quiet = false) {
		change(this.view);
		this.whole.hidden = this.view.isWhole;
		this.paint();
		if (!quiet)
			this.onview(this.view);
	}

	/* A canvas as large as its place, in the dots of the screen. */
	prepare(width, height) {
		const dots = window.devicePixelRatio || 1;
		const ctx = this.canvas.getContext('2d');
		this.canvas.width = Math.round(width * dots);
		this.canvas.height = Math.round(height * dots);
		this.canvas.style.height = `${height}px`;
		ctx.scale(dots, dots);
		ctx.font = `12px ${getComputedStyle(document.body).fontFamily}`;
		return ctx;
	}

	paint() {
		const { chart, box } = this;
		const head = chart.head || 0;
		if (box.clientWidth === 0)
			return;
		const ctx = this.prepare(box.clientWidth, chart.height + AXIS);
		this.frame = frameOf(this.view, box.clientWidth, chart.height, head);
		drawAxis(ctx, this.frame, chart);
		drawNames(ctx, this.frame, chart);
		if (head)
			this.within(ctx, 0, head, chart.drawHead);
		this.within(ctx, head, chart.height, chart.draw);
		this.within(ctx, head, chart.height, () => this.paintChosen(ctx));
	}

	/* Lets draw paint between two heights, and nowhere else. */
	within(ctx, top, bottom, draw) {
		ctx.save();
		ctx.beginPath();
		ctx.rect(GUTTER, top, this.frame.width - GUTTER, bottom - top);
		ctx.clip();
		draw(ctx, this.frame);
		ctx.restore();
	}

	paintChosen(ctx) {
		const { frame, chosen } = this;
		if (chosen === null)
			return;
		ctx.fillStyle = color('hover');
		ctx.fillRect(GUTTER, frame.y(chosen), frame.width - GUTTER, Math.max(2, frame.perRow));
	}

	say(item) {
		this.readout.textContent = item === null ? HINT : this.chart.tell(item);
	}

	/* null is none. */
	choose(row, item) {
		const before = this.chosen;
		this.chosen = row;
		this.say(item);
		if (row !== before)
			this.paint();
	}
}
