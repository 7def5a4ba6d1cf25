// Package person describes the drawn pedestrians of the demo corpus: which garments, colours and belongings exist, how one identity is
// drawn at random, and the six attribute phrases that name it.
//
// An identity is discrete where a sentence can name it (kinds, colours, patterns) and continuous where only the picture differs (body
// height, shade of a colour, stripe width): the first part is what captions and attributes are made of, the second keeps two men in
// black coats apart. Everything is a pure function of the random stream passed in.
package person
