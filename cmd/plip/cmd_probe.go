//go:build cgo

package main

import "plip/trainer/presets"

func probeCommand() command {
	return command{
		use:   "probe --model MODEL --data DIR -o DIR",
		short: "Train a linear layer on each frozen encoder",
		long: "probe trains one linear layer on the image encoder and one on the text encoder, which\n" +
			"stay as they are, by cross-modal projection matching: linear probing of the paper's\n" +
			"second table. The encoders' embeddings are computed once and kept in the output folder,\n" +
			"so that an epoch takes seconds. The output is a model like any other; --probe identity\n" +
			"begins at zero-shot search. The paper gives no rate for it: ours is that of\n" +
			"fine-tuning's classifier.\n\n" +
			"The same command goes on from the newest checkpoint. The precision auto is fp32 here.\n" +
			"Several ranks share the work as in finetune cmpm-c; the first computes the embeddings.",
		example: "plip probe --preset tiny --model model --data corpus/captioned --valid corpus/valid -o probed",
		presets: presets.Probe(),
		result:  finetuneResult{},
		resumes: true,
		options: &finetuneOptions{command: "probe"},
	}
}
