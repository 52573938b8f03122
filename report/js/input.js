/* input.js - what mouse and keyboard do with a chart of rows. */

/* Where the mouse is, on the canvas. */
function placeOf(canvas, event) {
	const box = canvas.getBoundingClientRect();
	return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/* What was dragged over; along the axis alone, unless the mouse went down too. */
function bandOf(from, to, frame) {
	const flat = Math.abs(to.y - from.y) < 12;
	return {
		flat, left: Math.min(from.x, to.x), right: Math.max(from.x, to.x),
		top: flat ? 0 : Math.min(from.y, to.y), bottom: flat ? frame.height : Math.max(from.y, to.y),
	};
}

class RowsInput {
	constructor(rows) {
		const on = (name, act) => rows.canvas.addEventListener(name, act);
		this.rows = rows;
		this.from = null;
		on('pointerdown', (event) => this.press(event));
		on('pointermove', (event) => this.move(event));
		on('pointerup', (event) => this.release(event));
		on('pointercancel', () => this.stop());
		on('pointerleave', () => this.from || rows.choose(null, null));
		on('dblclick', () => rows.show((view) => view.reset()));
		on('keydown', (event) => this.key(event));
	}

	press(event) {
		/* A finger scrolls the page. */
		if (event.button !== 0 || event.pointerType === 'touch')
			return;
		this.from = placeOf(this.rows.canvas, event);
		this.rows.canvas.setPointerCapture(event.pointerId);
	}

	move(event) {
		const { rows, from } = this;
		const to = placeOf(rows.canvas, event);
		if (!from) {
			this.hover(to);
			return;
		}
		const band = bandOf(from, to, rows.frame);
		rows.band.hidden = false;
		Object.assign(rows.band.style, {
			left: `${band.left}px`, width: `${band.right - band.left}px`,
			top: `${band.top}px`, height: `${band.bottom - band.top}px`,
		});
	}

	hover({ x, y }) {
		const { frame, chart } = this.rows;
		const row = frame.row(y);
		const inside = x >= GUTTER && x < frame.width && y >= frame.head && y < frame.height && row < chart.rows;
		const item = inside ? chart.find(frame.value(x), row) : null;
		this.rows.choose(item === null ? null : row, item);
	}

	release(event) {
		const { rows, from } = this;
		if (!from)
			return;
		const { frame } = rows;
		const band = bandOf(from, placeOf(rows.canvas, event), frame);
		const lines = band.flat ? [] : [frame.row(band.top), frame.row(band.bottom) + 1];
		this.stop();
		if (band.right - band.left >= 6)
			rows.show((view) => view.show(frame.value(band.left), frame.value(band.right), ...lines));
	}

	stop() {
		this.from = null;
		this.rows.band.hidden = true;
	}

	/* ---- keyboard ---- */

	/* Chooses the row that is so many behind the chosen one. */
	step(by) {
		const { rows } = this;
		const last = rows.chart.rows - 1;
		const begin = rows.chosen === null ? (by > 0 ? -1 : last + 1) : rows.chosen;
		const row = Math.min(last, Math.max(0, begin + by));
		rows.show((view) => view.reveal(row, rows.chart.at(row)));
		rows.choose(row, rows.chart.find(null, row));
	}

	/* Closer to the chosen row, where there is one. */
	zoom(factor) {
		const { rows } = this;
		const place = rows.chosen === null ? [] : [rows.chart.at(rows.chosen), rows.chosen + 0.5];
		rows.show((view) => view.zoom(factor, ...place));
	}

	key(event) {
		const { rows } = this;
		const { view } = rows;
		const page = Math.max(1, Math.round((view.bottom - view.top) / 10));
		const slide = (share) => rows.show(() => view.move((view.hi - view.lo) * share, 0));
		const acts = {
			ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1),
			PageDown: () => this.step(page), PageUp: () => this.step(-page),
			ArrowLeft: () => slide(-0.2), ArrowRight: () => slide(0.2),
			'+': () => this.zoom(0.6), '=': () => this.zoom(0.6), '-': () => this.zoom(1 / 0.6),
			0: () => rows.show(() => view.reset()),
			Escape: () => rows.choose(null, null),
		};
		if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		acts[event.key]();
	}
}
