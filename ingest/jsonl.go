package ingest

// ownFormats are lists of one's own images (decisions.md "Data").
func ownFormats() []textFormat { return []textFormat{jsonlFormat(), csvFormat()} }

// ownShared ends the help of both.
const ownShared = "An id is a number or a name; where any is a name, ids count from 1 in the order\n" +
	"of the paths. Without ids every image is an identity of its own. Splits are train,\n" +
	"valid, test, query and gallery. Paths start from the folder of the file, or from\n" +
	"--images. Records of one image become one row with all their captions. A fault in the\n" +
	"list ends the run after the whole shards before it; once the list is mended, the same\n" +
	"command goes on."

func jsonlFormat() textFormat {
	return textFormat{
		name: "jsonl",
		long: "jsonl reads a list of your own, one JSON object a line (or an array of them):\n" +
			`  {"image": "a/1.jpg", "captions": ["A man ..."], "id": 7, "split": "train"}` + "\n" +
			"The image (or file_path) is needed; captions (or caption), id, split, attributes\n" +
			"(six values) and prompt_caption are read where they are.\n" + ownShared,
		files: []string{"*.jsonl"},
		any:   true,
		rules: textRules{ownData: true, syntax: syntaxLines},
		fits:  func(*sniffed) bool { return true },
	}
}

func csvFormat() textFormat {
	return textFormat{
		name: "csv",
		long: "csv reads a table of your own, whose first line names the columns: image (or\n" +
			"file_path), caption, id and split. The image is needed; columns caption_1, caption_2,\n" +
			"... hold several captions. Commas, semicolons or tabs part the columns.\n" + ownShared,
		files: []string{"*.csv", "*.tsv"},
		any:   true,
		rules: textRules{ownData: true, syntax: syntaxTable},
		fits:  func(*sniffed) bool { return true },
	}
}
