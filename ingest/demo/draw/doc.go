// Package draw paints the pedestrians of the demo corpus as a camera would have cut them out of a video.
//
// The picture of a person is made in these steps:
//
//	pose      a skeleton of joints in three dimensions, from a gait phase and a heading (pose.go)
//	project   joints, and points on the surface of body and clothes, to picture coordinates (view.go, barrel.go)
//	dress     body parts and garments as antialiased polygons, far ones first (figure.go and one file per part)
//	place     a crop of the camera's own background, a shadow, what stands in front (scene.go, occluder.go)
//	record    white balance, exposure, blur and noise of the camera (sensor.go)
//
// Lengths of the body are in head heights (a person is about 7.7), x to the person's left, y down from the top of the head, z forward.
// Trunk, head, skirts and hats are barrels: stacks of elliptic rings. A detail such as a button is placed by its angle around the barrel
// and its height, so that it moves, narrows and disappears as the person turns, and no view is drawn by hand.
//
// Everything is a pure function of its arguments and the random stream; a Canvas is reused between pictures but leaves no trace in them.
package draw
