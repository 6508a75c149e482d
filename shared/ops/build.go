package ops

import "runtime/debug"

// revision is set by the linker where there is no repository beside the source: in images.
var revision string

// Build names the program that runs: the revision it was built from ("+" if the tree was changed), or "unknown".
func Build() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	built := settings["vcs.revision"]
	if built == "" {
		return "unknown"
	}
	if settings["vcs.modified"] == "true" {
		built += "+"
	}
	return built
}
