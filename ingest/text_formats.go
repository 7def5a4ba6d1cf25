package ingest

import (
	"path"
	"strings"
)

// textFormat is a dataset of images with sentences: where its annotations lie,
// and what they must hold.
type textFormat struct {
	name, long string

	// files are the patterns of its annotations' names in its folder, the first
	// that any file fits being the one. All that fit are one list where list is set;
	// else there must be one.
	files []string
	list  bool
	any   bool   // the names are anybody's: a folder is of this format by what the file holds
	below string // a folder that holds nothing but annotations: images start beside it

	rules     textRules
	fits      func(s *sniffed) bool
	published []Published
}

// textFormats are the datasets of text-reid.md, section 5, and lists of one's own.
func textFormats() []Format {
	var all []Format
	for _, f := range append(textDatasets(), ownFormats()...) {
		all = append(all, Format{Name: f.name, Long: f.long, Open: f.open, Detect: f.detect, Published: f.published})
	}
	return all
}

// textDatasets are those of releases, the strictest rule of detection first.
func textDatasets() []textFormat {
	return []textFormat{rstpReid(), synthPedes(), mals(), icfgPedes(), cuhkPedes(), ufine()}
}

// textShared ends the help of each format.
const textShared = "\nSRC is the file, or the folder that holds it; image paths start from that folder, or\n" +
	"from --images, or from imgs below it. Keys decide how a record is read; ids come in\n" +
	"ascending order, and records of one image become one row. A fault in the list ends the run after\n" +
	"the whole shards before it; once the list is mended, the same command goes on."

func cuhkPedes() textFormat {
	return textFormat{
		name: "cuhk-pedes",
		long: "cuhk-pedes reads the reid_raw.json of CUHK-PEDES, whose images lie in imgs. Its\n" +
			"caption_all.json has no splits and is refused. The lists of TextReID (annotations,\n" +
			"a sentence a record) are read too; their split is in the file's name." + textShared,
		files: []string{"reid_raw.json", "caption_all.json"},
		rules: textRules{needsSplit: true},
		fits: func(s *sniffed) bool {
			if !s.first.keys.has(keyFilePath) {
				return false
			}
			folder, _, _ := strings.Cut(s.first.path, "/")
			switch folder {
			case "cam_a", "cam_b", "CUHK01", "CUHK03", "Market", "test_query", "train_query":
				return true
			}
			return s.base == "reid_raw.json" || s.base == "caption_all.json" || s.first.keys.has(keySentence)
		},
		published: []Published{
			{"train", 11003, 34054, 68126}, {"valid", 1000, 3078, 6158}, {"test", 1000, 3074, 6156}, {"", 13003, 40206, 80440},
		},
	}
}

func icfgPedes() textFormat {
	return textFormat{
		name: "icfg-pedes",
		long: "icfg-pedes reads the ICFG-PEDES.json (or ICFG_PEDES.json) of ICFG-PEDES, whose\n" +
			"images lie in imgs. Where every name is as in MSMT17, the shards have a column for\n" +
			"the camera. The folders train and test are MSMT17's: the key split counts." + textShared,
		files: []string{"ICFG-PEDES.json", "ICFG_PEDES.json"},
		rules: textRules{needsSplit: true, camera: cameraOfICFG},
		fits: func(s *sniffed) bool {
			_, camera := cameraOfICFG(path.Base(s.first.path))
			return s.first.keys.has(keyFilePath, keySplit) && (camera || strings.HasPrefix(s.base, "ICFG"))
		},
		published: []Published{{"train", 3102, 34674, 34674}, {"test", 1000, 19848, 19848}, {"", 4102, 54522, 54522}},
	}
}

func rstpReid() textFormat {
	return textFormat{
		name: "rstpreid",
		long: "rstpreid reads the data_captions.json of RSTPReid, whose images lie in imgs. Where\n" +
			"every name has a camera (_c14_), the shards have a column for it. An early release\n" +
			"had 3901, 100 and 100 identities a split: --check shows which one this is." + textShared,
		files: []string{"data_captions.json"},
		rules: textRules{needsSplit: true, camera: cameraOf},
		fits:  func(s *sniffed) bool { return s.first.keys.has(keyImgPath) },
		published: []Published{
			{"train", 3701, 18505, 37010}, {"valid", 200, 1000, 2000}, {"test", 200, 1000, 2000}, {"", 4101, 20505, 41010},
		},
	}
}

func synthPedes() textFormat {
	return textFormat{
		name: "synth-pedes",
		long: "synth-pedes reads the synthpedes-dataset.json (or synthpedes_dataset.json) of\n" +
			"SYNTH-PEDES, whose images lie in Part1 to Part11, with the six attributes and the\n" +
			"prompt captions, which the published count of captions includes. HAM-PEDES (captions\n" +
			"by path) is read too: an id that is missing is the number of the image's folder." + textShared,
		files: []string{"synthpedes-dataset.json", "synthpedes_dataset.json"},
		rules: textRules{idOfFolder: true},
		fits: func(s *sniffed) bool {
			part, _, _ := strings.Cut(s.first.path, "/")
			number, isPart := strings.CutPrefix(part, "Part")
			return s.first.keys.has(keyAttributes, keyPrompt) || isPart && isDigits(number)
		},
		published: []Published{{"", 312321, 4791711, 12138157}},
	}
}

func ufine() textFormat {
	return textFormat{
		name: "ufine",
		long: "ufine reads the UFine6926_Annotations_1024.json of UFine6926 or the\n" +
			"UFine3C_Annotations.json of UFine3C, whose images lie in images. The published\n" +
			"counts are those of UFine6926." + textShared,
		files: []string{"UFine6926*.json", "UFine3C*.json"},
		rules: textRules{needsSplit: true},
		fits: func(s *sniffed) bool {
			return s.first.keys.has(keyFilePath, keySplit) && (strings.HasPrefix(s.base, "UFine") || strings.HasPrefix(s.first.path, "images/"))
		},
		published: []Published{{"", 6926, 26206, 52412}},
	}
}

func mals() textFormat {
	return textFormat{
		name: "mals",
		long: "mals reads MALS: all the g_*_attrs.json in gene_attrs as one list, with the 27\n" +
			"attribute labels in their order (0, 1, and -1 where not known). Where image_id is a\n" +
			"name, ids count from 1 in the order of the paths. The fine-tuning lists of APTM, such\n" +
			"as cuhk_train.json, are read too, one SRC each; their split is in the file's name." + textShared,
		files:     []string{"gene_attrs/g_*_attrs.json", "g_*_attrs.json"},
		list:      true,
		below:     "gene_attrs",
		rules:     textRules{namedIDs: true, labels: 27},
		fits:      func(s *sniffed) bool { return s.first.keys.has(keyImage, keyImageID) },
		published: []Published{{"", -1, 1510330, 1510330}},
	}
}
