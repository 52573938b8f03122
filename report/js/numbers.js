/* numbers.js - numbers as people read them; the same everywhere, whatever the browser's language. */

const formatCount = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
/* A number of things, or the mean of such numbers. */
const formatAmount = (n) => (Number.isInteger(n) || n >= 100 ? formatCount(n) : n.toFixed(2));
/* "1 slice", "8 slices". */
const formatNoun = (n, noun) => `${formatCount(n)} ${noun}${n === 1 ? '' : 's'}`;
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/* Three digits, and a unit of the list. */
function scaled(value, step, units) {
	let i = 0;
	while (value >= step * 0.9995 && i + 1 < units.length) {
		value /= step;
		i++;
	}
	const whole = i === 0 && Number.isInteger(value);
	const digits = whole || value >= 99.95 ? 0 : value < 9.995 ? 2 : 1;
	return `${value.toFixed(digits)} ${units[i]}`;
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const RATES = BYTES.map((unit) => `${unit}/s`);
const formatBytes = (n) => scaled(n, 1000, BYTES);
const formatRate = (n) => scaled(n, 1000, RATES);
const formatShort = (n) => scaled(n, 1000, ['', 'k', 'M', 'G', 'T']).trim();

/* Of microseconds. */
function formatTime(us) {
	const two = (n) => String(n).padStart(2, '0');
	if (us < 59.95e6)
		return scaled(us, 1000, ['µs', 'ms', 's']);
	const seconds = Math.round(us / 1e6);
	const minutes = Math.floor(seconds / 60);
	return minutes < 60 ? `${minutes} min ${two(seconds % 60)} s`
		: `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

const formatTimes = (x) => `${x.toFixed(x < 9.995 ? 2 : 1)}×`;

function formatPercent(part, whole) {
	const percent = whole ? 100 * part / whole : 0;
	return `${percent.toFixed(percent >= 99.95 ? 0 : percent >= 9.995 ? 1 : 2)} %`;
}

/* As short as an axis wants it: "5 s" for "5.00 s", "1 min" for "1 min 00 s". */
const shortly = (format) => (v) => (v === 0 ? '0'
	: format(v).replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '').replace(/ 00 (s|min)$/, ''));

/* ---- round numbers ---- */

function decimalStep(least) {
	const size = 10 ** Math.floor(Math.log10(least));
	return [1, 2, 5, 10].find((k) => k * size >= least) * size;
}

/* Microseconds; minutes and hours have sixty parts. */
const LONG_STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400].map((s) => s * 1e6);
const timeStep = (least) => (least > 10e6 && LONG_STEPS.find((step) => step >= least)) || decimalStep(least);

/* At most so many round numbers in [lo, hi]. */
function ticksOf(lo, hi, most, stepOf = decimalStep) {
	const least = (hi - lo) / Math.max(1, most);
	const ticks = [];
	if (!(least > 0))
		return ticks;
	const step = stepOf(least);
	for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi * (1 + 1e-12); k++)
		ticks.push(k * step);
	return ticks;
}

/* ---- many numbers ---- */

function sumOf(values) {
	let sum = 0;
	for (const v of values)
		sum += v;
	return sum;
}

/* How values are spread, null (not known) left out; null of none. */
function spreadOf(values) {
	const known = values.filter((v) => v !== null);
	if (known.length === 0)
		return null;
	const total = sumOf(known);
	const mean = total / known.length;
	let min = Infinity;
	let max = -Infinity;
	let squares = 0;
	for (const v of known) {
		min = Math.min(min, v);
		max = Math.max(max, v);
		squares += (v - mean) ** 2;
	}
	const cv = mean ? Math.sqrt(squares / known.length) / mean : 0;
	return { total, mean, min, max, peak: mean ? max / mean : 1, cv };
}

function medianOf(values) {
	const sorted = Float64Array.from(values).sort();
	const half = sorted.length >> 1;
	if (sorted.length === 0)
		return 0;
	return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/* The first place in an ordered list whose item is past; the list's length if none is. */
function firstPast(list, isPast) {
	let lo = 0;
	let hi = list.length;
	while (lo < hi) {
		const mid = (lo + hi) >> 1;
		if (isPast(list[mid]))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}
