package captions

// rougeBeta weighs recall against precision (COCO caption evaluation).
const rougeBeta = 1.2

// rougeL returns the ROUGE-L of one pair.
func rougeL(hypothesis []int32, references [][]int32) float64 {
	if len(hypothesis) == 0 {
		return 0
	}
	var precision, recall float64
	for _, r := range references {
		if len(r) == 0 {
			continue
		}
		l := float64(commonSubsequence(hypothesis, r))
		precision = max(precision, l/float64(len(hypothesis)))
		recall = max(recall, l/float64(len(r)))
	}
	if precision == 0 || recall == 0 {
		return 0
	}
	return (1 + rougeBeta*rougeBeta) * precision * recall / (recall + rougeBeta*rougeBeta*precision)
}

// commonSubsequence returns the length of the longest common subsequence.
func commonSubsequence(a, b []int32) int {
	row := make([]int, len(b)+1) // lengths for the words of a so far against every start of b
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
