package presets

// Ablation is one table of the paper's ablations, or one that this project adds (plip.md, section 7).
type Ablation struct {
	Name   string // as a command names it
	Title  string
	Paper  string // what the rows' Paper is; "": the paper has no figures for it that are known here
	Seeded bool   // trained with several seeds
	Rows   []AblationRow
}

// AblationRow is one configuration of a table.
type AblationRow struct {
	Preset string // its preset, ablation/...
	Label  string
	Paper  float64 // the paper's figure in percent; 0: unknown
	Chosen bool    // what the paper's model has
}

// Ablations are the tables in the order in which they are worth running. Rows of equal configuration are one training.
func Ablations() []Ablation {
	return []Ablation{
		{"tasks", "pretext tasks", "CUHK-PEDES R@1, 10,000 identities, zero-shot", true, []AblationRow{
			{"ablation/tasks-ivlc", "IVLC", 30.2, false},
			{"ablation/tasks-ivlc-tic", "IVLC + TIC", 31.4, false},
			{"ablation/tasks-ivlc-iap", "IVLC + IAP", 30.5, false},
			{"ablation/tasks-all", "IVLC + TIC + IAP", 32.5, true},
		}},
		{"epsilon", "epsilon of CMPM by optimizer, contrast alone", "", false, []AblationRow{
			{"ablation/cmpm-eps-1e-8-adan", "1e-8, Adan (release)", 0, true},
			{"ablation/cmpm-eps-1e-6-adan", "1e-6, Adan", 0, false},
			{"ablation/cmpm-eps-1e-4-adan", "1e-4, Adan", 0, false},
			{"ablation/cmpm-eps-1e-2-adan", "1e-2, Adan", 0, false},
			{"ablation/cmpm-eps-1e-1-adan", "1e-1, Adan", 0, false},
			{"ablation/cmpm-eps-1e-8-adamw", "1e-8, AdamW", 0, false},
			{"ablation/cmpm-eps-1e-6-adamw", "1e-6, AdamW", 0, false},
			{"ablation/cmpm-eps-1e-4-adamw", "1e-4, AdamW", 0, false},
			{"ablation/cmpm-eps-1e-2-adamw", "1e-2, AdamW", 0, false},
			{"ablation/cmpm-eps-1e-1-adamw", "1e-1, AdamW", 0, false},
		}},
		{"contrast", "kind of contrast, alone", "", false, []AblationRow{
			{"ablation/contrast-cmpm-l2", "CMPM, labels by L2 norm", 0, true},
			{"ablation/contrast-cmpm-sum", "CMPM, labels by sum", 0, false},
			{"ablation/contrast-sdm", "SDM", 0, false},
			{"ablation/contrast-infonce", "InfoNCE", 0, false},
		}},
		{"captions", "captions to draw from", "CUHK-PEDES R@10, zero-shot", false, []AblationRow{
			{"ablation/captions-prompt", "prompt", 49.4, false},
			{"ablation/captions-generated", "one generated", 59.8, false},
			{"ablation/captions-prompt-one", "prompt + one generated", 63.0, false},
			{"ablation/captions-prompt-two", "prompt + two generated", 66.6, true},
		}},
		{"visual-pool", "pooling of the image encoder", "", false, []AblationRow{
			{"ablation/visual-pool-max", "max", 0, true},
			{"ablation/visual-pool-average", "average", 0, false},
			{"ablation/visual-pool-attention", "attention", 0, false},
		}},
		{"text-pool", "pooling of the text encoder", "", false, []AblationRow{
			{"ablation/text-pool-mean", "mean", 0, true},
			{"ablation/text-pool-pooler", "pooler", 0, false},
		}},
		{"difficulty", "difficulty of the masking over the training", "", false, []AblationRow{
			{"ablation/difficulty-sqrt", "square root", 0, true},
			{"ablation/difficulty-linear", "linear", 0, false},
			{"ablation/difficulty-square", "square", 0, false},
			{"ablation/difficulty-constant", "constant 0.5", 0, false},
		}},
		{"distance", "distance of colours", "", false, []AblationRow{
			{"ablation/distance-l2", "squared", 0, true},
			{"ablation/distance-l1", "absolute", 0, false},
		}},
		{"statistics", "running statistics of gray images (ours)", "", false, []AblationRow{
			{"ablation/statistics-shared", "the colour images'", 0, false},
			{"ablation/statistics-own", "their own", 0, false},
		}},
		{"fusion", "how the image guides the attributes", "", false, []AblationRow{
			{"ablation/fusion-sum", "sum", 0, true},
			{"ablation/fusion-concat", "a token of its own", 0, false},
		}},
	}
}
