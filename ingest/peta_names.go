package ingest

import "strings"

// evaluatedPETALabels is how many of the first attributes are evaluated.
const evaluatedPETALabels = 35

// namesPETA are the 105 attributes in the order of PETA.mat (attributes.md, 8.1).
func namesPETA() []string {
	names := strings.Fields(`
		personalLess30 personalLess45 personalLess60 personalLarger60
		carryingBackpack carryingOther lowerBodyCasual upperBodyCasual lowerBodyFormal upperBodyFormal
		accessoryHat upperBodyJacket lowerBodyJeans footwearLeatherShoes upperBodyLogo hairLong
		personalMale carryingMessengerBag accessoryMuffler accessoryNothing carryingNothing upperBodyPlaid carryingPlasticBags
		footwearSandals footwearShoes lowerBodyShorts upperBodyShortSleeve lowerBodyShortSkirt footwearSneaker
		upperBodyThinStripes accessorySunglasses lowerBodyTrousers upperBodyTshirt upperBodyOther upperBodyVNeck`)
	for _, part := range []string{"upperBody", "lowerBody", "hair", "footwear"} {
		for _, colour := range strings.Fields("Black Blue Brown Green Grey Orange Pink Purple Red White Yellow") {
			names = append(names, part+colour)
		}
	}
	return append(names, strings.Fields(`
		accessoryHeadphone personalLess15 carryingBabyBuggy hairBald footwearBoots lowerBodyCapri carryingShoppingTro
		carryingUmbrella personalFemale carryingFolder accessoryHairBand lowerBodyHotPants accessoryKerchief lowerBodyLongSkirt
		upperBodyLongSleeve lowerBodyPlaid lowerBodyThinStripes carryingLuggageCase upperBodyNoSleeve hairShort footwearStocking
		upperBodySuit carryingSuitcase lowerBodySuits upperBodySweater upperBodyThickStripes`)...)
}
