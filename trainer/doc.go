// Package trainer holds the PLIP model, its pre-training from captioned shards (arXiv 2305.08386; plip.md), fine-tuning by
// CMPM/C and linear probing (text-reid.md), and weights to and from other programs.
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
//	          cmpc: v, t -> classes, in fine-tuning            // classifier.go, finetune.go
//	    stop if it is not finite, naming the rows; else backward and step
//	    log; at times validate and write a checkpoint
//
// Train resumes from the newest checkpoint of its folder, also in mid-epoch, and its losses then equal the undisturbed
// run's digit by digit on the same number of threads. The folder holds:
//
//	metrics.jsonl   one line a step: epoch, loss, its parts, lr; no times, so that two runs can be compared
//	step-NNNNNNNN/  checkpoints (internal/checkpoint) with vocab.txt beside
//	best.json       the best checkpoint by the validation's score
//	features.safetensors  in probing: the embeddings of the frozen encoders, computed once
//
// In probing (probe.go) v and t are linear layers over those embeddings, and no encoder runs. A training starts from
// nothing, a hub folder, a backbone of others (backbone.go) or a whole model (start.go), also of the Python release
// (release.go); export.go writes for the release and for the hub.
//
// What validation measures is the caller's: a function value gets the model and returns figures and a score.
package trainer
