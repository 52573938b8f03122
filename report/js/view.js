/* view.js - the part that a chart of rows shows of all there is: zoomed and moved within bounds. */

/* [a, b) made at least `least` long, and moved into [min, max). */
function fitInto(a, b, min, max, least) {
	const size = Math.min(max - min, Math.max(b - a, least));
	const begin = Math.min(Math.max(a, min), max - size);
	return [begin, begin + size];
}

class View {
	constructor(end, rows) {
		this.all = { lo: 0, hi: Math.max(end, 1e-9), top: 0, bottom: Math.max(rows, 1) };
		this.reset();
	}

	/* But for what rounding does. */
	get isWhole() {
		const near = (a, b) => Math.abs(this[a] - this.all[a]) + Math.abs(this[b] - this.all[b]) < this.all[b] * 1e-5;
		return near('lo', 'hi') && near('top', 'bottom');
	}

	reset() {
		Object.assign(this, this.all);
	}

	/* Shows [lo, hi) of the axis and rows [top, bottom), as near to it as bounds allow. */
	show(lo, hi, top = this.top, bottom = this.bottom) {
		[this.lo, this.hi] = fitInto(lo, hi, 0, this.all.hi, this.all.hi / 1e6);
		[this.top, this.bottom] = fitInto(top, bottom, 0, this.all.bottom, Math.min(2, this.all.bottom));
	}

	/* factor < 1 looks closer; a place (the middle, unless it is said) stays where it is. */
	zoom(factor, value = (this.lo + this.hi) / 2, row = (this.top + this.bottom) / 2) {
		const about = (place, a, b) => [place - (place - a) * factor, place + (b - place) * factor];
		this.show(...about(value, this.lo, this.hi), ...about(row, this.top, this.bottom));
	}

	move(right, down) {
		this.show(this.lo + right, this.hi + right, this.top + down, this.bottom + down);
	}

	/* Moves just so far that the row, and a value in it, is shown. */
	reveal(row, value) {
		const room = (this.hi - this.lo) / 10;
		const right = value < this.lo ? value - this.lo - room : value >= this.hi ? value - this.hi + room : 0;
		this.move(right, row < this.top ? row - this.top : Math.max(0, row + 1 - this.bottom));
	}
}
