package mat

// DecodeAtMost is Decode with another limit on what compressed elements inflate to.
var DecodeAtMost = decode
