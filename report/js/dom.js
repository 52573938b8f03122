/* dom.js - elements, tables and colours. Text is always set as text: what stands in the data is never markup. */

function setAttributes(node, attributes) {
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith('on'))
			node.addEventListener(name.slice(2), value);
		else if (value !== false && value !== null)
			node.setAttribute(name, value === true ? '' : value);
	}
}

/* el('td.text', { title: 'more' }, 'words', node, [nodes]): an element; what is null or false is left out. */
function el(tag, ...content) {
	const [name, ...classes] = tag.split('.');
	const node = document.createElement(name);
	if (classes.length)
		node.className = classes.join(' ');
	for (const one of content.flat(Infinity)) {
		if (one === null || one === undefined || one === false)
			continue;
		if (typeof one !== 'object' || one instanceof Node)
			node.append(one);
		else
			setAttributes(node, one);
	}
	return node;
}

/* The colour of that name in report.css, as it is now: light or dark. */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
/* The same, of which the ground shows through. */
const fade = (name, share) => color(name) + Math.round(share * 255).toString(16).padStart(2, '0');
const tint = (name) => ({ style: `--tint: var(--${name})` });

/* ---- what is painted: charts know their width only once they are in the page ---- */

const unpainted = [];

function onPaint(node, paint) {
	unpainted.push({ node, paint });
}

/* Paints what is new in the page, and again whenever its width changes, or light becomes dark. */
function paintAll() {
	for (const { node, paint } of unpainted.splice(0)) {
		let width = node.clientWidth;
		const follow = () => {
			if (node.clientWidth !== width) {
				width = node.clientWidth;
				paint();
			}
		};
		paint();
		/* In the next frame: an observer must not change what it observes. */
		new ResizeObserver(() => requestAnimationFrame(follow)).observe(node);
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
	}
}

/* ---- parts of the page ---- */

/* `about` says in a sentence how the card is to be read. */
function card(title, about, controls, ...content) {
	const head = el('header', el('h2', title), controls && el('div.controls', controls));
	return el('section.card', head, about && el('p.about', about), content);
}

/* A list of [colour, name, note]; what is false is left out. */
function legendOf(items) {
	const item = ([name, label, note]) => el('li', el('i', tint(name)), label, note && el('span', ` ${note}`));
	return el('ul.legend', items.filter(Boolean).map(item));
}

let choices = 0;
/* A row of radio buttons; `options` are [value, label] pairs. */
function choice(legend, options, chosen, onchange) {
	const name = `choice-${++choices}`;
	const button = ([value, label]) => {
		const id = `${name}-${value}`;
		const take = () => onchange(value);
		return [
			el('input', { type: 'radio', id, name, value, checked: value === chosen, onchange: take }),
			el('label', { for: id }, label),
		];
	};
	return el('fieldset.choice', el('legend', legend), options.map(button));
}

/*
 * `columns` are { head, kind, cell(row) }: a cell is a string or a node; the kind "word" or "text" is no number. A long
 * table scrolls in its box.
 */
function table(name, columns, rows) {
	const kind = (column) => (column.kind ? `.${column.kind}` : '');
	const head = (column) => el(`th${kind(column)}`, { scope: 'col' }, column.head);
	const cell = (column, i, row) => (i === 0
		? el(`th${kind(column)}`, { scope: 'row' }, column.cell(row))
		: el(`td${kind(column)}`, column.cell(row)));
	return el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': name }, el('table',
		el('thead', el('tr', columns.map(head))),
		el('tbody', rows.map((row) => el('tr', columns.map((column, i) => cell(column, i, row)))))));
}

function copyButton(label, text) {
	const button = el('button', { type: 'button' }, label);
	button.addEventListener('click', async () => {
		try {
			await navigator.clipboard.writeText(text());
			button.textContent = 'Copied';
		} catch (error) {
			button.textContent = 'Not allowed here';
		}
		setTimeout(() => button.replaceChildren(label), 1500);
	});
	return button;
}
