// Package report writes what a run of the line found: report.json for programs, report.html for people, and
// the page of `plip search`.
//
// The caller fills plain data, Figures and Report or Search, from files its stages left behind; nothing here
// reads a shard, a checkpoint or a clock, so the same data gives the same bytes. A write goes
//
//	validate    every number finite and in its range, every curve with as many x as y; all problems at once
//	view        numbers into words, crops into thumbnails in base64, curves into SVG paths
//	render      html/template over parts/, which escapes every text for the place it stands in
//	replace     temporary file beside the target, synced, renamed
//
// # The page
//
// One file without outside references and without JavaScript: style, drawings and pictures are inside, and a
// content security policy in its head has the browser refuse anything else, should a text ever get past the
// escaping. Pictures above 320 pixels a side or 48 KiB are embedded as smaller JPEGs. A picture that cannot be
// decoded costs its place on the page (the reason is printed there), not the page.
//
// # The figures
//
// report.json holds one object. Its keys, with unit and meaning, are the text that Keys returns; a test holds
// that text against the structs. Fractions are 0..1 (the page shows percent). A part that was not measured is
// null where the layout is fixed (spac, filter, zeroshot, chance, ceiling) and absent elsewhere; it is never 0.
package report
