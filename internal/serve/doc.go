// Package serve is the web page of `plip serve`: it shows the shards of one dataset, searches them and draws the curves of
// training runs.
//
//	GET  /                      what the dataset holds, slot by slot
//	GET  /browse                pictures, by 24; gender head upper lower shoes belongings split id filter, page turns
//	GET  /row/N                 one picture with all that is said of it, and the same person's other pictures
//	GET  /image/N               the encoded picture of row N, as it lies in the shard
//	GET  /search?text=TEXT      the nearest pictures to a sentence
//	GET  /search?row=N          the nearest pictures to that of a row
//	POST /search                the nearest pictures to an uploaded one, the file "picture" of a form
//	GET  /runs, /runs/N         the training runs, and the curves of one
//	GET  /runs/N/curves         the curves alone, which a script on the page fetches every few seconds
//	GET  /style.css, /live.js   the style sheet and that script
//	POST /login                 the token, the field "token" of a form
//
// All but the live curves works without JavaScript. Nothing is referred to outside, and a content security policy has the
// browser refuse it.
//
// # Who may look
//
// Pictures of persons are not for everyone. Without a token the server answers requests for a loopback name alone, so that
// a page elsewhere cannot reach it through the visitor's browser by a name of its own. With a token every request must
// bring it, as "Authorization: Bearer TOKEN" or as the cookie that /login or ?token=TOKEN sets; others get 401 and the
// page that asks for it.
//
// No request names a file: pictures are asked for by row, runs by number, and both were opened or listed at the start.
// Uploads are bounded before they are read and probed before they are decoded, one search at a time.
package serve
