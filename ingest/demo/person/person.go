package person

// A Gender is the gender slot's value.
type Gender string

// The genders drawn.
const (
	Man   Gender = "man"
	Woman Gender = "woman"
)

// A Build is the body shape; captions may mention it, the six attributes do not.
type Build string

// The body shapes drawn.
const (
	Slim    Build = "slim"
	Average Build = "average"
	Heavy   Build = "heavy"
)

// A Hair is the length or cut of the hair.
type Hair string

// The cuts drawn. All three can be told from every side: long hair falls over the shoulders, a bun stands above the head.
const (
	ShortHair Hair = "short"
	LongHair  Hair = "long"
	Bun       Hair = "bun"
	Bald      Hair = "bald"
)

// A Hat is the headgear, NoHat for none.
type Hat string

// The headgear drawn.
const (
	NoHat  Hat = ""
	Cap    Hat = "cap"
	Beanie Hat = "beanie"
	SunHat Hat = "sun hat"
)

// An Upper is the kind of the outermost garment of the upper body.
type Upper string

// The upper garments drawn. Each differs from all others in outline or in a detail seen from front and back.
const (
	TShirt  Upper = "t-shirt"  // short sleeves, round collar
	Shirt   Upper = "shirt"    // collar, button strip, curved tail over the trousers
	Jacket  Upper = "jacket"   // waist length, zip, ribbed hem and cuffs in a darker shade
	Coat    Upper = "coat"     // to the knee, lapels, double row of buttons, belt
	Hoodie  Upper = "hoodie"   // hood, draw-strings, pouch
	Sweater Upper = "sweater"  // roll neck, cable knit
	Vest    Upper = "vest"     // quilted and sleeveless over sleeves of another colour
	Blazer  Upper = "blazer"   // V opening on white, tie, lapels, pocket flaps
	TankTop Upper = "tank top" // straps, bare shoulders
	Dress   Upper = "dress"    // waist and flared skirt, no lower garment
)

// A Pattern is what is printed on the upper garment.
type Pattern string

// The patterns drawn.
const (
	Plain   Pattern = ""
	Striped Pattern = "striped"
	Checked Pattern = "checked"
	Dotted  Pattern = "dotted"
)

// A Length is a sleeve's or a hem's.
type Length string

// The lengths drawn; NoLength is a garment without sleeves, or one whose length its kind already says.
const (
	NoLength Length = ""
	Short    Length = "short"
	Long     Length = "long"
)

// A Lower is the kind of the lower garment, NoLower under a dress.
type Lower string

// The lower garments drawn.
const (
	NoLower    Lower = ""
	Trousers   Lower = "trousers"   // straight, creased, belt
	Jeans      Lower = "jeans"      // faded thighs, seams, turned-up light cuffs
	Shorts     Lower = "shorts"     // wide, above the knee
	Skirt      Lower = "skirt"      // pleats; short or long
	Leggings   Lower = "leggings"   // skin-tight, end above the ankle
	Sweatpants Lower = "sweatpants" // baggy, white side stripe, gathered ankle
)

// A Shoes is the kind of footwear.
type Shoes string

// The footwear drawn.
const (
	Sneakers     Shoes = "sneakers"      // thick white sole, laces
	Boots        Shoes = "boots"         // shaft to the calf, over the trousers
	Sandals      Shoes = "sandals"       // straps over bare feet
	LeatherShoes Shoes = "leather shoes" // pointed, shining
)

// A Bag is what is carried, NoBag for nothing.
type Bag string

// The belongings drawn.
const (
	NoBag       Bag = ""
	Backpack    Bag = "backpack"
	Handbag     Bag = "handbag"
	ShoulderBag Bag = "shoulder bag" // strap across the chest
	Suitcase    Bag = "suitcase"     // on wheels
	Umbrella    Bag = "umbrella"     // open
	ShoppingBag Bag = "shopping bag" // tall paper bag
)

// A Person is one identity. The zero value of an optional kind means that it is absent, and its colour is then without meaning.
type Person struct {
	Gender Gender
	Build  Build

	Hair      Hair
	HairColor Color
	Hat       Hat
	HatColor  Color

	Upper        Upper
	UpperColor   Color
	Pattern      Pattern
	PatternColor Color
	Sleeve       Length
	Open         bool   // a jacket or coat worn open: InnerColor shows from the front
	InnerColor   Color  // what is worn under a vest or an open jacket or coat
	UpperLength  Length // of a dress: to the thigh or to the calf

	Lower       Lower
	LowerColor  Color
	LowerLength Length // of a skirt

	Shoes      Shoes
	ShoesColor Color

	Bag      Bag
	BagColor Color

	Looks Looks
}

// Looks are the traits that no sentence names.
type Looks struct {
	Stature    float64 // body height relative to the mean of the gender
	Skin       int     // index of Skins
	Beard      bool
	Tie        Color   // of a blazer over a shirt; women wear none
	Stripe     float64 // period of the pattern, in head heights
	Swing      float64 // how far arms and legs swing, 0..1
	Stride     float64 // width of hems and trouser legs, 0..1
	LeftHanded bool    // which hand or shoulder carries
	Belted     bool    // a belt shows on trousers

	Shades Shades
}

// Shades are the colours as dyed: the palette's colour of the name, varied within what the name still covers.
type Shades struct {
	Skin, Hair, Hat, Upper, Pattern, Inner, Lower, Shoes, Bag, Tie RGB
}
