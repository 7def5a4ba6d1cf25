// Package trainer holds the PLIP model and its pre-training from captioned shards (arXiv 2305.08386; plip.md).
//
//	model = visual encoder (modified ResNet) and text encoder (BERT), into one space of embeddings
//	for each epoch, batch, in an order that seed and epoch alone decide:
//	    draw one caption for every image, and which of its attributes to mask   // from (seed, epoch, row)
//	    v, t  = image encoder(images), text encoder(captions)
//	    g, h  = image encoder(gray images), text encoder(masked captions)       // stage maps, hidden states
//	    loss  = sum of weight * part
//	          ivlc: v, t, identities                           // contrast.go
//	          tic:  g, t -> the colour images                  // colorize.go
//	          iap:  h, v -> the masked tokens                  // attribute_head.go, masking.go
//	    stop if it is not finite, naming the rows; else backward and step
//	    log; at times validate and write a checkpoint
//
// Train resumes from the newest checkpoint of its folder, also in mid-epoch, and its losses then equal the undisturbed
// run's digit by digit on the same number of threads. The folder holds:
//
//	metrics.jsonl   one line a step: epoch, loss, its parts, lr; no times, so that two runs can be compared
//	step-NNNNNNNN/  checkpoints (internal/checkpoint) with vocab.txt beside
//	best.json       the best checkpoint by the validation's score
//
// What validation measures is the caller's: a function value gets the model and returns figures and a score.
package trainer
