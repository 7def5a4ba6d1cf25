package distribute

// Report counts what each rule dropped. ImagesIn = ImagesOut + Unknown +
// UpperAndLower + NoText + GenderImages + FewImages + Surplus, and IdentitiesIn =
// IdentitiesOut + NoImages + NoGender + MixedGender + Few.
type Report struct {
	ImagesIn      int64 `json:"images_in"`
	ImagesOut     int64 `json:"images_out"`
	IdentitiesIn  int64 `json:"identities_in"`
	IdentitiesOut int64 `json:"identities_out"`

	// Rule 1, images.
	Unknown       int64 `json:"images_unknown"`         // MaxUnknown or more unknown attributes
	UpperAndLower int64 `json:"images_upper_and_lower"` // fewer, but upper and lower among them
	NoImages      int64 `json:"identities_no_images"`   // identities that lost all to it

	// Rule 2.
	NoGender     int64 `json:"identities_no_gender"`    // without a vote
	MixedGender  int64 `json:"identities_mixed_gender"` // without a class above GenderShare
	GenderImages int64 `json:"images_gender"`           // images of those two
	Regendered   int64 `json:"attributes_regendered"`   // gender attributes replaced
	Rewritten    int64 `json:"captions_rewritten"`      // captions and prompt captions changed
	Empty        int64 `json:"captions_empty"`          // captions dropped for being empty,
	Repeated     int64 `json:"captions_repeated"`       // for repeating another of the image,
	Contradict   int64 `json:"captions_contradict"`     // for contradicting the vote after rewriting
	NoText       int64 `json:"images_no_text"`          // images without a sentence left

	// Rule 3.
	Few       int64 `json:"identities_few"` // under MinImages images
	FewImages int64 `json:"images_few"`     // their images
	Surplus   int64 `json:"images_surplus"` // beyond MaxImages

	CaptionsIn  int64 `json:"captions_in"` // stylish captions and prompt captions
	CaptionsOut int64 `json:"captions_out"`
}

// Add adds the counts of another report.
func (r *Report) Add(o Report) {
	a, b := r.counts(), o.counts()
	for i := range a {
		*a[i] += *b[i]
	}
}

func (r *Report) counts() []*int64 {
	return []*int64{
		&r.ImagesIn, &r.ImagesOut, &r.IdentitiesIn, &r.IdentitiesOut,
		&r.Unknown, &r.UpperAndLower, &r.NoImages,
		&r.NoGender, &r.MixedGender, &r.GenderImages, &r.Regendered, &r.Rewritten, &r.Empty, &r.Repeated, &r.Contradict, &r.NoText,
		&r.Few, &r.FewImages, &r.Surplus,
		&r.CaptionsIn, &r.CaptionsOut,
	}
}
