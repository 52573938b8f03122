/* tables.js - lists of what to look at first: how even all is, the longest tasks, the largest slices, what failed. */

const SHOWN = 20;
const NONE = '–';
const orNone = (value, format) => (value ? format(value) : NONE);

/* ---- how even it is ---- */

function balanceRows({ isMap, slices, tasks, noun }) {
	const paid = isMap ? tasks : slices;
	const rows = [
		isMap && ['time', 'time', tasks.time, formatTime],
		['bytes', 'bytes read', paid.bytes, formatBytes],
		['requests', 'GETs', paid.requests, formatAmount],
		['needed', 'bytes needed', slices.needed, formatBytes],
		['records', `${noun}s`, slices.records, formatAmount],
		['units', 'units', slices.units, formatAmount],
	].filter((row) => row && row[2]);
	return rows.map(([key, name, values, format]) => ({ key, name, format, spread: spreadOf(values) }))
		.filter(({ spread }) => spread);
}

function balance(model) {
	const column = (head, name, format) => ({
		head,
		cell: (row) => el('span', { 'data-key': `${row.key}-${name}`, 'data-value': String(row.spread[name]) },
			(format || row.format)(row.spread[name])),
	});
	const about = 'A job ends with its longest task: the most over the mean says how much an even cut could save. '
		+ 'CV is the standard deviation over the mean.';
	return card('Balance', about, null, table('Balance', [
		{ head: 'Of each slice', cell: (row) => row.name },
		column('Total', 'total'), column('Mean', 'mean'), column('Least', 'min'), column('Most', 'max'),
		column('Most / mean', 'peak', formatTimes), column('CV', 'cv', (v) => formatPercent(v, 1)),
	], balanceRows(model)));
}

/* ---- the first of many ---- */

function longest(model) {
	const { tasks, median } = model;
	const time = (head, name) => ({ head, cell: (i) => orNone(tasks[name][i], formatTime) });
	const count = (head, name) => ({ head, cell: (i) => formatCount(tasks[name][i]) });
	const ended = (i) => (model.isGood(i) ? 'well' : el('span.badge', model.codeName(tasks.code[i])));
	const title = tasks.n <= SHOWN ? 'Tasks, the longest first' : `The ${SHOWN} longest tasks`;
	return card(title, null, null, table(title, [
		count('Slice', 'slice'), time('Time', 'time'),
		{ head: '/ median', cell: (i) => (median ? formatTimes(tasks.time[i] / median) : NONE) },
		time('Began at', 'start'), time('Fetch', 'fetch'), time('Decode', 'decode'), time('Task', 'user'),
		time('Between', 'wait'), { head: 'Read', cell: (i) => formatBytes(tasks.bytes[i]) },
		count('GETs', 'requests'), count('Attempts', 'attempts'), count('Worker', 'worker'),
		{ head: 'Ended', kind: 'word', cell: ended },
	], inOrder(tasks, 'time').slice(0, SHOWN)));
}

function largest({ slices, noun }) {
	const { n, records, bytes, needed, requests, units } = slices;
	const order = indexesOf(n).sort((a, b) => bytes[b] - bytes[a] || a - b).slice(0, SHOWN);
	const title = n <= SHOWN ? 'Slices, the largest first' : `The ${SHOWN} slices that read most`;
	return card(title, null, null, table(title, [
		{ head: 'Slice', cell: (i) => formatCount(i) },
		{ head: capital(`${noun}s`), cell: (i) => (records[i] === null ? NONE : formatCount(records[i])) },
		{ head: 'Read', cell: (i) => formatBytes(bytes[i]) }, { head: 'Needed', cell: (i) => formatBytes(needed[i]) },
		{ head: 'Read / needed', cell: (i) => orNone(needed[i], () => formatTimes(bytes[i] / needed[i])) },
		{ head: 'GETs', cell: (i) => formatCount(requests[i]) },
		units && { head: 'Units', cell: (i) => formatCount(units[i]) },
	].filter(Boolean), order));
}

/* ---- what failed ---- */

/* Many slices often fail for one reason: how often each, the commonest first. */
function reasonsOf(failures) {
	const count = new Map();
	for (const { code, message } of failures) {
		const reason = `${code}: ${message}`;
		count.set(reason, (count.get(reason) || 0) + 1);
	}
	const words = [...count].sort((a, b) => b[1] - a[1]).map(([reason, n]) => `${formatCount(n)} × ${reason}`);
	return words.length < failures.length && words.length <= 5 ? words.join('; ') : '';
}

function tokenCell({ token }) {
	if (token === null)
		return 'kept out; see this line of the list of slices';
	return el('div.copied', el('code.token', { title: token }, token), copyButton('Copy', () => token));
}

function failures({ failures: list, failed }) {
	if (list.length === 0)
		return null;
	const some = list.length < failed && `The first ${formatCount(list.length)} of ${formatCount(failed)}; `
		+ '“dataplug map --failed FILE” keeps all tokens.';
	const tokens = list.map(({ token }) => token).filter(Boolean);
	const copy = tokens.length > 1 && copyButton('Copy all tokens', () => `${tokens.join('\n')}\n`);
	return card('Failures', [some, reasonsOf(list)].filter(Boolean).join(' '), copy, table('Failures', [
		{ head: 'Slice', cell: ({ slice }) => formatCount(slice) },
		{ head: 'Code', kind: 'word', cell: ({ code }) => el('span.badge', code) },
		{ head: 'Attempts', cell: ({ attempts }) => formatCount(attempts) },
		{ head: 'Message', kind: 'text', cell: ({ message }) => message },
		{ head: 'Token', kind: 'text', cell: tokenCell },
	], list));
}
