package ingest

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// textCase is a layout of annotations and of images below folder. SRC is the
// file src, or the whole folder where it is "". The third image begins a second
// identity, so that a run that stops after it leaves a whole shard.
func textCase(name, format, src, folder string, annotations map[string]string, images []string, want []identityLines) layoutCase {
	at := func(p string) string { return folder + p }
	return layoutCase{
		name: name,
		build: func(t *testing.T, dir string) {
			for file, text := range annotations {
				writeFile(t, dir, file, []byte(text))
			}
			for i, image := range images {
				writeFile(t, dir, at(image), noise(t, uint64(i)))
			}
		},
		open: func(ctx context.Context, dir string) (Source, error) {
			return openFormat(ctx, format, filepath.Join(dir, src), SourceOptions{})
		},
		file: at,
		want: want,
	}
}

// noise is a JPEG of more than a thousand bytes, so that each identity fills the
// small shards of the conformance test.
func noise(t *testing.T, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewGray(image.Rect(0, 0, 24, 48))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openFormat(ctx context.Context, format, src string, o SourceOptions) (Source, error) {
	f, err := FormatByName(format, src)
	if err != nil {
		return nil, err
	}
	return f.Open(ctx, src, o)
}

// cuhkCase has ids out of order, with gaps and as digits; two captions, one, ten;
// text and tokens in every shape, and images below imgs alone.
func cuhkCase() layoutCase {
	ten := strings.Split("a b c d e f g h i j", " ")
	return textCase("cuhk-pedes", "cuhk-pedes", "", "imgs/", map[string]string{
		"caption_all.json": `[{"id": 1, "file_path": "cam_a/1.jpg", "captions": ["A man."]}]`, // beside it, not read
		"reid_raw.json": "\ufeff" + `[
			{"split": "train", "captions": [" A man\u00e9, \"tall\". ", "Er trägt\tnichts.", "", "  "], "file_path": "CUHK01/0363004.png",
			 "processed_tokens": [["a", "man"], ["hes"]], "id": 3},
			{"id": "1", "split": "val", "captions": ["Second."], "file_path": "./Market//0013_c5s1_000426_00.jpg", "processed_tokens": [[["deeper"]]], "extra": {"a": [1, {"b": null}]}},
			{"split": "test", "captions": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"], "file_path": "test_query/p2703_s3526.jpg", "id": 2703, "processed_tokens": []},
			{"split": "train", "captions": ["Third.", "Third."], "file_path": "CUHK03/267_4.jpg", "id": 3, "captions2": 1e300},
			{"split": "validation", "captions": "Alone.", "file_path": "cam_b/7.jpg", "id": 0}
		]`,
	}, []string{"CUHK01/0363004.png", "Market/0013_c5s1_000426_00.jpg", "test_query/p2703_s3526.jpg", "CUHK03/267_4.jpg", "cam_b/7.jpg", "cam_a/1.jpg"},
		[]identityLines{
			{0, [][]string{{"cam_b/7.jpg", "valid", "Alone."}}},
			{1, [][]string{{"Market/0013_c5s1_000426_00.jpg", "valid", "Second."}}},
			{3, [][]string{{"CUHK01/0363004.png", "train", " A mané, \"tall\". ", "Er trägt\tnichts."}, {"CUHK03/267_4.jpg", "train", "Third.", "Third."}}},
			{2703, [][]string{append([]string{"test_query/p2703_s3526.jpg", "test"}, ten...)}},
		})
}

// textReIDCase is the list of one split, a caption a record.
func textReIDCase() layoutCase {
	return textCase("textreid", "cuhk-pedes", "cuhk_train.json", "imgs/", map[string]string{
		"cuhk_train.json": `{"categories": [1, 2], "info": {"file_path": 1}, "annotations": [
			{"file_path": "cam_a/1.jpg", "id": 2, "image_id": 7, "sentence": "One.", "onehot": [3, 4]},
			{"file_path": "cam_a/2.jpg", "id": 3, "image_id": 8, "sentence": "Two."},
			{"file_path": "cam_a/1.jpg", "id": 2, "image_id": 7, "sentence": "Three."},
			{"file_path": "cam_b/1.jpg", "id": 2, "image_id": 9, "sentence": "Four."},
			{"file_path": "cam_b/3.jpg", "id": 5, "image_id": 10, "sentence": "Five."},
			{"file_path": "cam_b/4.jpg", "id": 6, "image_id": 11, "sentence": "Six."}
		], "later": []}`,
	}, []string{"cam_a/1.jpg", "cam_a/2.jpg", "cam_b/1.jpg", "cam_b/3.jpg", "cam_b/4.jpg"}, []identityLines{
		{2, [][]string{{"cam_a/1.jpg", "train", "One.", "Three."}, {"cam_b/1.jpg", "train", "Four."}}},
		{3, [][]string{{"cam_a/2.jpg", "train", "Two."}}},
		{5, [][]string{{"cam_b/3.jpg", "train", "Five."}}},
		{6, [][]string{{"cam_b/4.jpg", "train", "Six."}}},
	})
}

// icfgCase counts ids from 0, has folders that are no splits and images without
// the level imgs.
func icfgCase() layoutCase {
	return textCase("icfg-pedes", "icfg-pedes", "", "", map[string]string{
		"ICFG_PEDES.json": `[
			{"split": "train", "captions": ["Zero."], "file_path": "test/0627/0627_010_05_0303afternoon_1591_0.jpg", "processed_tokens": [["Zero"]], "id": 0},
			{"split": "train", "captions": ["Zero again."], "file_path": "test/0627/0627_011_06_0303noon_1591_1_ex.jpg", "processed_tokens": [[["Zero"]]], "id": 0},
			{"split": "test", "captions": ["One."], "file_path": "train/0001/0001_000_01_0303morning_0008_0.jpg", "id": 1},
			{"split": "test", "captions": ["Two."], "file_path": "train/0002/0002_000_02_0303morning_0008_0.jpg", "id": 2}
		]`,
	}, []string{"test/0627/0627_010_05_0303afternoon_1591_0.jpg", "test/0627/0627_011_06_0303noon_1591_1_ex.jpg", "train/0001/0001_000_01_0303morning_0008_0.jpg", "train/0002/0002_000_02_0303morning_0008_0.jpg"},
		[]identityLines{
			{0, [][]string{{"test/0627/0627_010_05_0303afternoon_1591_0.jpg", "camera 5", "train", "Zero."}, {"test/0627/0627_011_06_0303noon_1591_1_ex.jpg", "camera 6", "train", "Zero again."}}},
			{1, [][]string{{"train/0001/0001_000_01_0303morning_0008_0.jpg", "camera 1", "test", "One."}}},
			{2, [][]string{{"train/0002/0002_000_02_0303morning_0008_0.jpg", "camera 2", "test", "Two."}}},
		})
}

func rstpCase() layoutCase {
	return textCase("rstpreid", "rstpreid", "data_captions.json", "imgs/", map[string]string{
		"data_captions.json": `[{"id": 0, "img_path": "0000_c1_0004.jpg", "captions": ["A man.He walks.", "B"], "split": "train"},
{"id": 0, "img_path": "0000_c5_0022.jpg", "captions": ["C", "D"], "split": "train"},
{"id": 4100, "img_path": "4100_c7_0012.jpg", "captions": ["E", "F"], "split": "test"},{"id": 3701, "img_path": "3701_c9_0031.jpg", "captions": ["G", "H"], "split": "val"}]`,
	}, []string{"0000_c1_0004.jpg", "0000_c5_0022.jpg", "4100_c7_0012.jpg", "3701_c9_0031.jpg"}, []identityLines{
		{0, [][]string{{"0000_c1_0004.jpg", "camera 1", "train", "A man.He walks.", "B"}, {"0000_c5_0022.jpg", "camera 5", "train", "C", "D"}}},
		{3701, [][]string{{"3701_c9_0031.jpg", "camera 9", "valid", "G", "H"}}},
		{4100, [][]string{{"4100_c7_0012.jpg", "camera 7", "test", "E", "F"}}},
	})
}

const synthRecords = `[
	{"id": 2, "file_path": "Part1/2/0.jpg", "attributes": ["woman,long black hair , white shirt,, ,red bag"], "captions": ["One.", "Two."], "prompt_caption": ["A woman.With a bag. "]},
	{"id": 3, "file_path": "Part1/3/0.jpg", "attributes": ["man,unknown,unknown,jeans,unknown,unknown"], "captions": [], "prompt_caption": ["A man."]},
	{"id": 2, "file_path": "Part1/2/1.jpg", "attributes": ["woman,a,b"], "captions": ["Three."], "prompt_caption": [""]},
	{"id": 30, "file_path": "Part11/30/0.jpg", "attributes": ["man", "bald", "coat", "jeans", "boots", "bag"], "captions": ["Four."], "prompt_caption": "A man."},
	{"id": 31, "file_path": "Part11/31/0.jpg", "captions": ["Five."]},
	{"id": 32, "file_path": "Part11/32/0.jpg", "captions": ["Six."]}
]`

func synthCase() layoutCase {
	return textCase("synth-pedes", "synth-pedes", "", "", map[string]string{"synthpedes_dataset.json": synthRecords},
		[]string{"Part1/3/0.jpg", "Part1/2/0.jpg", "Part1/2/1.jpg", "Part11/30/0.jpg", "Part11/31/0.jpg", "Part11/32/0.jpg"}, []identityLines{
			{2, [][]string{{"Part1/2/0.jpg", "One.", "Two."}, {"Part1/2/1.jpg", "Three."}}},
			{3, [][]string{{"Part1/3/0.jpg"}}},
			{30, [][]string{{"Part11/30/0.jpg", "Four."}}},
			{31, [][]string{{"Part11/31/0.jpg", "Five."}}},
			{32, [][]string{{"Part11/32/0.jpg", "Six."}}},
		})
}

// hamCase has captions by path, and ids in the paths alone.
func hamCase() layoutCase {
	return textCase("ham-pedes", "synth-pedes", "ham.json", "", map[string]string{
		"ham.json": `{"Part2/9/0.jpg": ["One.", "Two."], "Part1\/10\/0.jpg" : "Three.", "Part2/9/1.jpg": {"captions": ["Four."]}, "x": {"image": "Part2/10/0.jpg", "caption": "Five.", "id": "11"}, "Part3/12/0.jpg": []}`,
	}, []string{"Part2/9/0.jpg", "Part1/10/0.jpg", "Part2/9/1.jpg", "Part2/10/0.jpg", "Part3/12/0.jpg"}, []identityLines{
		{9, [][]string{{"Part2/9/0.jpg", "One.", "Two."}, {"Part2/9/1.jpg", "Four."}}},
		{10, [][]string{{"Part1/10/0.jpg", "Three."}}},
		{11, [][]string{{"Part2/10/0.jpg", "Five."}}},
		{12, [][]string{{"Part3/12/0.jpg"}}},
	})
}

func ufineCase() layoutCase {
	return textCase("ufine", "ufine", "", "", map[string]string{
		"UFine6926_Annotations_1024.json": `[
			{"split": "train", "id": 1, "file_path": "images/1.jpg", "captions": ["One.", "Two."]},
			{"split": "train", "id": 1, "file_path": "images/2.jpg", "captions": ["Three.", "Four."]},
			{"split": "test", "id": 2, "source": "web", "file_path": "images/7446.jpg", "captions": ["Five."]},
			{"split": "test", "id": 3, "file_path": "images/9.jpg", "captions": ["Six."]}
		]`,
	}, []string{"images/1.jpg", "images/2.jpg", "images/7446.jpg", "images/9.jpg"}, []identityLines{
		{1, [][]string{{"images/1.jpg", "train", "One.", "Two."}, {"images/2.jpg", "train", "Three.", "Four."}}},
		{2, [][]string{{"images/7446.jpg", "test", "Five."}}},
		{3, [][]string{{"images/9.jpg", "test", "Six."}}},
	})
}

// malsLabel is the label of 27 values, of which the last is given.
func malsLabel(last string) string { return "[" + strings.Repeat("0, ", 25) + "1, " + last + "]" }

// malsCase has the list in several files, ids that are names, and names that
// several images share.
func malsCase() layoutCase {
	return textCase("mals", "mals", "", "", map[string]string{
		"gene_attrs/g_4x_attrs.json": `[{"image": "gene_crop/4x/3.jpg", "caption": "One.", "image_id": "4x_3", "label": ` + malsLabel("-1") + `}]`,
		"gene_attrs/g_c_g_a_0_attrs.json": `[{"image": "gene_crop/c_g_a_0/0.jpg", "caption": "Two.", "image_id": "c_g_a_0_0", "label": ` + malsLabel("1") + `},
			{"image": "gene_crop/c_g_a_0/2.jpg", "caption": "Three.", "image_id": "12", "label": ` + malsLabel("0") + `},
			{"image": "gene_crop/c_g_a_0/1.jpg", "caption": "Four.", "image_id": 12, "label": ` + malsLabel("0") + `}]`,
		"gene_attrs/g_i_g_a_attrs.json": `[{"image": "gene_crop/i_g_a/0.jpg", "caption": "Five.", "image_id": "i_g_a_0"}]`,
		"gene_attrs/readme.json":        `{`,
	}, []string{"gene_crop/4x/3.jpg", "gene_crop/c_g_a_0/0.jpg", "gene_crop/c_g_a_0/1.jpg", "gene_crop/c_g_a_0/2.jpg", "gene_crop/i_g_a/0.jpg"}, []identityLines{
		{1, [][]string{{"gene_crop/4x/3.jpg", "One."}}},
		{2, [][]string{{"gene_crop/c_g_a_0/0.jpg", "Two."}}},
		{3, [][]string{{"gene_crop/c_g_a_0/2.jpg", "Three."}, {"gene_crop/c_g_a_0/1.jpg", "Four."}}},
		{4, [][]string{{"gene_crop/i_g_a/0.jpg", "Five."}}},
	})
}

// aptmCase is a fine-tuning list of APTM: paths include the dataset's folder.
func aptmCase() layoutCase {
	return textCase("aptm", "mals", "icfg_test.json", "", map[string]string{
		"icfg_test.json": `[{"image": "ICFG-PEDES/a.jpg", "caption": ["One.", "Two."], "image_id": 5},
			{"image": "ICFG-PEDES/b.jpg", "caption": ["Three."], "image_id": 9}, {"image": "ICFG-PEDES/a.jpg", "caption": "Four.", "image_id": 5},
			{"image": "ICFG-PEDES/c.jpg", "caption": "Five.", "image_id": 5}, {"image": "ICFG-PEDES/d.jpg", "caption": "Six.", "image_id": 6}, {"image": "ICFG-PEDES/e.jpg", "caption": "Seven.", "image_id": 7}, {"image": "ICFG-PEDES/f.jpg", "caption": [], "image_id": 8}]`,
	}, []string{"ICFG-PEDES/a.jpg", "ICFG-PEDES/b.jpg", "ICFG-PEDES/c.jpg", "ICFG-PEDES/d.jpg", "ICFG-PEDES/e.jpg", "ICFG-PEDES/f.jpg"}, []identityLines{
		{5, [][]string{{"ICFG-PEDES/a.jpg", "test", "One.", "Two.", "Four."}, {"ICFG-PEDES/c.jpg", "test", "Five."}}},
		{6, [][]string{{"ICFG-PEDES/d.jpg", "test", "Six."}}},
		{7, [][]string{{"ICFG-PEDES/e.jpg", "test", "Seven."}}},
		{8, [][]string{{"ICFG-PEDES/f.jpg", "test"}}},
		{9, [][]string{{"ICFG-PEDES/b.jpg", "test", "Three."}}},
	})
}

// jsonlCase has ids that are names from the second line on.
func jsonlCase() layoutCase {
	return textCase("jsonl", "jsonl", "", "", map[string]string{
		"mine.jsonl": `{"image": "a/1.jpg", "captions": ["One.", "Two."], "id": 7, "split": "query"}

{"image": "b/9.jpg", "caption": "Three.", "id": "Anna", "split": ""}
{"file_path": "a/2.jpg", "id": 7, "split": "gallery"}   {"image": "a/1.jpg", "caption": "Four.", "id": "7", "split": "query"}
{"image": "c/2.jpg", "id": "Bert", "attributes": ["man,a,b,c,d,e"]}
{"image": "d/2.jpg", "id": "Carl", "captions": "Five."}
{"image": "e/2.jpg", "id": "-Dora"}`,
	}, []string{"b/9.jpg", "a/1.jpg", "a/2.jpg", "c/2.jpg", "d/2.jpg", "e/2.jpg"}, []identityLines{
		{1, [][]string{{"a/1.jpg", "query", "One.", "Two.", "Four."}, {"a/2.jpg", "gallery"}}},
		{2, [][]string{{"b/9.jpg", "Three."}}},
		{3, [][]string{{"c/2.jpg"}}},
		{4, [][]string{{"d/2.jpg", "Five."}}},
		{5, [][]string{{"e/2.jpg"}}},
	})
}

// csvCase has quotes, line ends and commas in cells, empty cells and lines.
func csvCase() layoutCase {
	return textCase("csv", "csv", "people.csv", "", map[string]string{
		"people.csv": "\ufeffID,Image,caption_1,caption_2,notes,split\r\n" +
			"5,b.jpg,\"A man, \"\"tall\"\",\r\nwalks.\",,x,train\r\n\r\n" +
			"7,a.jpg,One., ,,val\r\n" +
			"5,b.jpg,Two.,Three.,,train\r\n" +
			"5,c.jpg,,,,\r\n" +
			"12,e.jpg,Five.,,,test\n" +
			"11,d.jpg,Vier äöü.,,,test",
	}, []string{"a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"}, []identityLines{
		{5, [][]string{{"b.jpg", "train", "A man, \"tall\",\nwalks.", "Two.", "Three."}, {"c.jpg"}}},
		{7, [][]string{{"a.jpg", "valid", "One."}}},
		{11, [][]string{{"d.jpg", "test", "Vier äöü."}}},
		{12, [][]string{{"e.jpg", "test", "Five."}}},
	})
}
