package attachment

import "gocloud.dev/blob"

// Bucket is what a folder is for tests that look into it.
func (f *Folder) Bucket() *blob.Bucket { return f.bucket }
