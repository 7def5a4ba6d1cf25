package demo

import "math/rand/v2"

// neighbourhood is how many tracks away most foreign persons come from: the reach of the filter's reassignment (paper A.7.2, ra).
const neighbourhood = 2

// A track is a sequence of pictures that its id claims to be of one person.
type track struct {
	id     int64
	owner  int // identity that it is of
	places []place
}

// A place shows one picture of an identity.
type place struct{ identity, image int }

// plan lays out the tracks of a part.
func (p *Part) plan() []track {
	r := p.stream("plan of " + p.name)
	fewest, most := p.corpus.cfg.images(p.name)
	var tracks []track
	for i := range p.identities {
		// The number of images is the identity's own, so that valid-noisy shows the pictures of valid.
		n := fewest + p.stream("images", i).IntN(most-fewest+1)
		places := make([]place, n)
		for k := range places {
			places[k] = place{i, k}
		}
		if p.Noisy() && n >= 4 && r.Float64() < p.noise {
			cut := 2 + r.IntN(n-3) // two images at least on either side
			tracks = append(tracks, track{owner: i, places: places[:cut:cut]})
			places = places[cut:]
		}
		tracks = append(tracks, track{owner: i, places: places})
	}
	for i := range tracks {
		tracks[i].id = p.base + int64(i)
		if p.Noisy() {
			tracks[i].id = p.trackBase + int64(i)
		}
	}
	if p.Noisy() {
		p.mix(tracks, most, r)
	}
	return tracks
}

// mix puts foreign persons into tracks of persons who have most pictures at most.
func (p *Part) mix(tracks []track, most int, r *rand.Rand) {
	extra := make(map[int]int) // identity to pictures drawn beyond its own
	for i := range tracks {
		t := &tracks[i]
		left := (len(t.places) - 1) / 2 // the owner keeps the majority
		for k := range t.places {
			if r.Float64() >= p.noise || left == 0 {
				continue
			}
			who := p.foreigner(tracks, i, r)
			if who < 0 {
				continue
			}
			t.places[k] = place{who, most + extra[who]}
			extra[who]++
			left--
		}
	}
}

// foreigner picks a person other than the track's owner, -1 if there is none.
func (p *Part) foreigner(tracks []track, at int, r *rand.Rand) int {
	owner := tracks[at].owner
	if r.Float64() < 0.7 {
		var near []int
		for j := max(0, at-neighbourhood); j <= min(len(tracks)-1, at+neighbourhood); j++ {
			if tracks[j].owner != owner {
				near = append(near, tracks[j].owner)
			}
		}
		if len(near) > 0 {
			return near[r.IntN(len(near))]
		}
	}
	if p.identities < 2 {
		return -1
	}
	who := r.IntN(p.identities - 1)
	if who >= owner {
		who++
	}
	return who
}
