package archtest

import (
	"path"
	"slices"
	"strings"
)

// modulePath is the prefix of our own imports.
const modulePath = "github.com/gewu-city/gewu"

// Bounds of growth, tests and generated files not counted. A file or package that reaches its bound holds more than
// one idea.
const (
	maxFileLines    = 500
	maxPackageLines = 3000
)

// row says which packages of the module a package may import. Packages of common may be imported by all.
type row struct {
	dir string
	may []string
	why string
	// planned rows fix the edges of a package before it exists.
	planned bool
}

// common may be imported from everywhere: it knows no domain word.
var common = []string{"internal/obs", "internal/flight", "internal/tomltext"}

// below is what the packages that compose may use.
var below = []string{"geo", "geo/geodesy", "data", "index", "index/compare", "index/filter", "index/filter/cql", "index/records", "index/stamp", "grid", "grid/bounds", "grid/cells", "grid/code", "grid/coverage/check", "grid/impact", "grid/reconcile", "grid/report", "grid/survey", "geocode", "tiles", "tiles/style", "tiles/style/sprite", "tiles/style/symbol", "people"}

// resource is what the packages of the HTTP API stand on.
var resource = append([]string{"data/sensitive", "server/city", "server/rest", "data/convert", "geo/proj"}, below...)

// rows is the import table. Imports point down only and siblings do not import each other. The packages that choose
// a store (data/boltstore, data/pgstore) are named by cmd/gewu alone.
var rows = []row{
	{dir: "internal/obs", why: "logger, metrics and build information serve everyone, so they depend on no one"},
	{dir: "internal/flight", why: "work that callers share, whatever it is"},
	{dir: "internal/licences", why: "a test that reads what others wrote about licences"},
	{dir: "internal/tomltext", why: "TOML as text, whatever it says"},
	{dir: "internal/archtest", why: "reads the tree and imports nothing of it"},
	{dir: "geo", why: "pure functions on coordinates"},
	{dir: "geo/geodesy", may: []string{"geo"}, why: "measuring on the ellipsoid; predicates and drawing do not need it"},
	{dir: "geo/gap", may: []string{"geo"}, why: "how far shapes are from each other; it knows no features"},
	{dir: "geo/along", may: []string{"geo"}, why: "how a line lies to polygons; it knows no features"},
	{dir: "geo/relate", may: []string{"geo"}, why: "how shapes lie to each other; finding and drawing do not need it"},
	{dir: "geo/proj", may: []string{"geo"}, why: "coordinate systems are applied at the edge, not by the engine"},
	{dir: "data", may: []string{"data/drawing", "data/partcode", "data/sensitive", "data/title", "data/wire", "geo"}, why: "the vocabulary and the log know no index, no grid, no tile"},
	{dir: "data/partcode", why: "a rule of digits"},
	{dir: "data/sensitive", why: "what a layer about persons must say; it knows no layers"},
	{dir: "data/drawing", why: "what a layer says of how it is drawn; who draws is another matter"},
	{dir: "data/catalogue", may: []string{"data/title"}, why: "which classes the standards have; what is done with them is another matter"},
	{dir: "data/wire", why: "numbers and texts as bytes; it knows no format"},
	{dir: "data/title", why: "names by language"},
	{dir: "data/rules", may: []string{"data/partcode", "data"}, why: "what may follow what, the same for every store and for those who prepare a change"},
	{dir: "data/boltstore", may: []string{
		"data/boltstore/admit", "data/boltstore/offline", "data/boltstore/compact", "data/boltstore/memory", "data/boltstore/rewrite", "data/boltstore/inspect", "data/boltstore/layout", "data/boltstore/image",
		"data", "geo",
	}, why: "a store knows the log and the codec only"},
	{dir: "data/boltstore/offline", may: []string{"data/boltstore/rewrite", "data/boltstore/inspect", "data/boltstore/layout", "data/boltstore/image", "data"}, why: "works on the file of a store that nobody has open"},
	{dir: "data/boltstore/compact", may: []string{"data/boltstore/layout", "data"}, why: "decides what retention erases; who reads and writes when is the store's matter"},
	{dir: "data/boltstore/admit", may: []string{"data/rules", "data/boltstore/layout", "data/boltstore/memory", "data"}, why: "what a transaction must hold before it is written; the store writes it"},
	{dir: "data/boltstore/memory", may: []string{"data"}, why: "what is held in memory beside the file"},
	{dir: "data/boltstore/rewrite", may: []string{"data/boltstore/inspect", "data/boltstore/layout", "data/boltstore/image", "data"}, why: "copies what is in order; when and where is the store's matter"},
	{dir: "data/boltstore/inspect", may: []string{"data/boltstore/layout", "data/boltstore/image", "data"}, why: "judges a file; what is done about it is the store's matter"},
	{dir: "data/boltstore/layout", may: []string{"data"}, why: "what lies in the file, not who writes it or when"},
	{dir: "data/boltstore/image", why: "pages of any bbolt file; it knows nothing of gewu"},
	{dir: "data/pgstore", may: []string{"data/rules", "data", "geo"}, why: "a store knows the log and the codec only", planned: true},
	{dir: "data/altertest", may: []string{"data/rules", "data"}, why: "random alterations; it knows no store and no engine"},
	{dir: "data/storetest/model", may: []string{"data"}, why: "a city as maps; it knows no store"},
	{dir: "data/storetest", may: []string{"data/storetest/model", "data/altertest", "data/rules", "data", "geo"}, why: "the contract is written against data.Store, not against a store"},
	{dir: "data/history", may: []string{"data"}, why: "reads the log of any store and writes nothing"},
	{dir: "data/convert", may: []string{
		"data/convert/charset", "data/convert/delimited", "data/convert/geom", "data/convert/jsontext", "data/convert/row",
		"data/convert/geopackage", "data/convert/gpx", "data/convert/kml", "data/convert/osm", "data/convert/shapefile", "data/convert/sheet", "data/convert/spool", "data/convert/srs", "data/convert/topojson", "data", "geo", "geo/proj",
	}, why: "formats become features; what happens to them is the caller's matter"},
	{dir: "data/convert/control", may: []string{"data/convert", "data/convert/charset", "data/convert/delimited", "data/convert/row", "data", "geo", "geo/proj"}, why: "files of control points become coordinate systems; only cmd names them"},
	{dir: "data/convert/row", may: []string{"data/convert/charset", "data", "geo", "geo/proj"}, why: "what decoders and convert exchange; it knows no layer"},
	{dir: "data/convert/codelist", may: []string{"data", "data/convert/charset"}, why: "tables of codes; it knows no layer"},
	{dir: "data/convert/charset", why: "text as bytes; it knows no format"},
	{dir: "data/convert/jsontext", may: []string{"data"}, why: "JSON as text; it knows no geometry"},
	{dir: "data/convert/geom", may: []string{"data/convert/row", "data/convert/jsontext", "data", "geo", "geo/proj"}, why: "geometries as text and bytes, for every format"},
	{dir: "data/convert/spool", why: "temporary files and archives; it knows no format"},
	{dir: "data/convert/srs", may: []string{"geo/proj"}, why: "systems in the words of files; it knows no format"},
	{dir: "data/convert/shapefile", may: []string{
		"data/convert/charset", "data/convert/geom", "data/convert/jsontext", "data/convert/row", "data/convert/spool", "data/convert/srs", "data", "geo", "geo/proj",
	}, why: "bytes become rows, without layers"},
	{dir: "data/convert/xmltext", may: []string{"data/convert/charset"}, why: "XML within bounds; it knows no format"},
	{dir: "data/convert/osm", may: []string{
		"data/convert/charset", "data/convert/geom", "data/convert/row", "data/convert/spool", "data/convert/xmltext", "data", "geo",
	}, why: "bytes become rows, without layers"},
	{dir: "data/convert/kml", may: []string{"data/convert/geom", "data/convert/row", "data/convert/spool", "data/convert/xmltext", "data", "geo"}, why: "bytes become rows, without layers"},
	{dir: "data/convert/gpx", may: []string{"data/convert/geom", "data/convert/row", "data/convert/xmltext", "data", "geo"}, why: "bytes become rows, without layers"},
	{dir: "data/convert/sheet", may: []string{
		"data/convert/charset", "data/convert/jsontext", "data/convert/row", "data/convert/spool", "data/convert/xmltext", "data",
	}, why: "bytes become rows, without layers"},
	{dir: "data/convert/geopackage", may: []string{
		"data/convert/geom", "data/convert/row", "data/convert/spool", "data/convert/srs", "data", "geo", "geo/proj",
	}, why: "bytes become rows, without layers"},
	{dir: "data/convert/topojson", may: []string{"data/convert/row", "data/convert/jsontext", "data/convert/spool", "data", "geo"}, why: "bytes become rows, without layers"},
	{dir: "data/convert/delimited", may: []string{"data/convert/row", "data"}, why: "a decoder turns bytes into rows and knows no layer"},
	{dir: "data/synth", may: []string{"data", "geo"}, why: "features out of parameters; who writes or loads them is the caller's matter"},
	{dir: "index/compare", may: []string{"index/records", "index", "data", "geo"}, why: "puts a World beside the log that it comes from, and its indexes beside its features"},
	{dir: "index/indextest", may: []string{"index", "index/compare", "data", "geo"}, why: "an engine for tests, on a log in memory"},
	{dir: "index/sketch", may: []string{"index", "data", "geo"}, why: "Worlds that no log holds; what they are of is another matter"},
	{dir: "index/planner", may: []string{"index", "data"}, why: "appends what is due, to any store; the World knows what is planned"},
	{dir: "index/filter/cql", may: []string{"data/convert/geom", "data/convert/jsontext", "data", "geo", "geo/proj"}, why: "a language and its tree; it knows no layer"},
	{dir: "index/filter", may: []string{"index/filter/cql", "index", "index/column", "data", "geo", "geo/relate"}, why: "looks at the columns of a layer; the index itself needs no filters"},
	{dir: "index/column", may: []string{"data"}, why: "values in memory; it knows rows, not features"},
	{dir: "index/bucket", may: []string{"geo"}, why: "a structure for places; it knows slots, not features"},
	{dir: "index/raster", may: []string{"geo"}, why: "a structure for polygons; it knows slots, not features"},
	{dir: "index/mask", why: "a set of rows that is found out when somebody asks; it knows no features"},
	{dir: "index/records", may: []string{"data"}, why: "admin records in memory; it knows no features"},
	{dir: "index/stamp", may: []string{"data", "geo"}, why: "which tiles changed; it knows no features"},
	{dir: "index", may: []string{"index/column", "index/bucket", "index/mask", "index/raster", "index/records", "index/stamp", "data", "geo"}, why: "index finds; composing answers is for grid, geocode and tiles"},
	{dir: "grid", may: []string{"index", "data", "geo", "geo/geodesy", "geo/along", "geo/gap"}, why: "sibling of geocode, tiles and people"},
	{dir: "grid/code", may: []string{"data/partcode", "data", "geo"}, why: "codes as text and numbers; it looks at no city"},
	{dir: "grid/bounds", may: []string{"grid/coverage", "geo"}, why: "ground between lines that a text names; who knows the names is another matter"},
	{dir: "grid/cells", may: []string{"data/sensitive", "index/stamp", "grid", "grid/bounds", "index", "data", "geo", "geo/geodesy"}, why: "what lies in polygons; tiles draw it through an interface of their own"},
	{dir: "grid/impact", may: []string{"geo"}, why: "two sets of polygons and points; where they come from is another matter"},
	{dir: "grid/reconcile", may: []string{"grid/impact", "geo"}, why: "two schemes as polygons; whose they are is another matter"},
	{dir: "grid/report", may: []string{"grid/coverage/check", "geo", "geo/geodesy"}, why: "figures of polygons and numbers; it knows no city"},
	{dir: "grid/survey", may: []string{"grid/impact", "grid/report", "grid/cells", "grid", "geocode/normal", "index", "data", "geo", "geo/along"}, why: "a World as planning asks for it"},
	{dir: "grid/coverage", may: []string{"grid/coverage/check", "geo"}, why: "the coverage model does not know drafts or locate"},
	{dir: "grid/coverage/edit", may: []string{"grid/coverage", "geo"}, why: "operations as values; who stores drafts is another matter"},
	{dir: "grid/coverage/check", may: []string{"geo"}, why: "judges polygons alone, so that a fault of the model cannot hide"},
	{dir: "grid/divide", may: []string{"grid/divide/partition", "grid/coverage", "geo", "geo/relate"}, why: "division makes coverages; it looks at no city"},
	{dir: "grid/divide/partition", why: "graphs with loads and costs; it knows no ground"},
	{dir: "grid/version", may: []string{"grid", "grid/code", "grid/coverage", "grid/coverage/check", "grid/coverage/edit", "index", "index/records", "data", "geo"}, why: "drafts and publication stand on locate and coverage; who writes them down is another matter"},
	{dir: "grid/request", may: []string{"grid/version", "index", "index/records", "data", "geo"}, why: "what may follow what of change requests, and their records; who may do it is another matter"},
	{dir: "geocode/names", why: "finds names in texts; it knows no place, and only its tests normalise", may: []string{"geocode/pinyin", "geocode/normal"}},
	{dir: "geocode/houses", why: "doors by number; it knows no names, and only its tests normalise", may: []string{"geocode/number", "geocode/normal", "geo"}},
	{dir: "geocode/lines", why: "street lines by road; it knows no names and no doors", may: []string{"geo"}},
	{dir: "geocode/eval", why: "measures a geocoder that it is handed as a function", may: []string{"geocode/noise", "data", "geo"}},
	{dir: "geocode/noise", why: "writes what a geocoder is measured with, so it knows none: only tables of characters", may: []string{"geocode/normal", "geocode/pinyin"}},
	{dir: "geocode/pinyin", why: "sounds of characters; it knows no place, and only its tests normalise", may: []string{"geocode/normal"}},
	{dir: "geocode/number", why: "texts as numbers; it knows no place, and only its tests normalise", may: []string{"geocode/normal"}},
	{dir: "geocode/normal", why: "texts; it knows no place"},
	{dir: "geocode/aside", why: "words around a place; it knows no place"},
	{dir: "geocode/ground", why: "places among points; it knows no names", may: []string{"geo"}},
	{dir: "geocode/roman", why: "texts; it knows no place, and only its tests normalise", may: []string{"geocode/pinyin", "geocode/normal"}},
	{dir: "geocode/codes", why: "features by their codes; it knows no names", may: []string{"geocode/normal", "index", "data", "geo"}},
	{dir: "geocode/ways", why: "where the roads of a city run and meet; it reads no question", may: []string{
		"geocode/gazetteer", "geocode/ground", "geocode/houses", "geocode/names", "geocode/phrase", "geo",
	}},
	{dir: "geocode/order", why: "texts; it knows no place"},
	{dir: "geocode/places", why: "names of cities elsewhere; it knows no World", may: []string{"geocode/normal"}},
	{dir: "geocode/gazetteer", why: "what has a name or a number in a World; it reads no question", may: []string{
		"geocode/names", "geocode/houses", "geocode/lines", "geocode/number", "geocode/normal", "geocode/places", "geocode/ground", "index", "data", "geo",
	}},
	{dir: "geocode/classes", why: "words of a report as classes of the national tables; it knows no place", may: []string{"data/catalogue", "geocode/names", "geocode/normal"}},
	{dir: "geocode/phrase", why: "texts as elements; it knows names through an interface, and only its tests a city", may: []string{
		"geocode/names", "geocode/number", "geocode/normal", "geocode/gazetteer", "sample/sampletest",
	}},
	{dir: "geocode/relation", why: "elements as claims about places; it looks nothing up but what names may mean, and only its tests normalise", may: []string{
		"geocode/phrase", "geocode/gazetteer", "geocode/names", "geocode/number", "geocode/normal",
	}},
	{dir: "geocode", may: []string{
		"geocode/gazetteer", "geocode/classes", "geocode/phrase", "geocode/relation", "geocode/names", "geocode/houses", "geocode/number", "geocode/normal", "geocode/aside", "geocode/ground", "geocode/codes", "geocode/ways", "geocode/order", "geocode/roman", "geocode/pinyin", "geocode/lines", "geocode/eval", "geocode/noise", "sample/sampletest", "index", "data", "geo",
	}, why: "sibling of grid, tiles and people"},
	{dir: "tiles", may: []string{"index/stamp", "tiles/label", "tiles/outline", "tiles/pack", "index", "index/column", "index/filter", "index/filter/cql", "data", "geo", "geo/proj"}, why: "sibling of grid, geocode and people; it draws on shifted maps, too"},
	{dir: "tiles/label", may: []string{"index", "data", "geo"}, why: "label points, kept by the state of their features"},
	{dir: "tiles/pack", why: "compression; it knows no tile"},
	{dir: "tiles/outline", may: []string{"index", "data", "geo", "geo/proj"}, why: "lines and polygons in tile units; it knows no encoding and no tileset"},
	{dir: "tiles/style", may: []string{"tiles/style/symbol", "tiles", "index", "data", "geo", "geo/proj"}, why: "a style names the layers of a tileset"},
	{dir: "tiles/style/symbol", may: []string{"data/catalogue", "data"}, why: "drawings and which class has which; it knows no layer"},
	{dir: "tiles/style/sprite", why: "embedded sheets; only its test draws them"},
	{dir: "tiles/style/sprite/raster", may: []string{"tiles/style/symbol"}, why: "drawings as pixels, for the sheets"},
	{dir: "tiles/tiletest", may: []string{"tiles", "index", "index/indextest", "data", "geo"}, why: "a city for tests"},
	{dir: "people", may: []string{"index/records", "index", "index/filter", "data", "geo"}, why: "sibling of grid, geocode and tiles"},
	{dir: "people/rights", may: []string{"people", "index/filter", "index/filter/cql", "index", "data", "geo", "geo/relate"}, why: "posts become what exists for somebody in a World; it knows no requests"},
	{dir: "people/mail", why: "short texts over SMTP, whatever they say"},
	{dir: "people/vault", may: []string{"data"}, why: "keys and sealing; who may read in full is said elsewhere"},
	{dir: "people/audit", may: []string{"data"}, why: "entries, sums of refusals and how they are found; what is noted is said elsewhere"},
	{dir: "people/account", why: "who may log in; what a person may do is said in the directory, which it knows by the text of an id"},
	{dir: "cases/rows", may: []string{"data"}, why: "files of configuration as rows with places; it knows no case"},
	{dir: "cases/process", may: []string{"cases/rows", "data", "people", "profiles"}, why: "how cases move, as a table; it knows no case, and only its tests the posts and the profiles"},
	{dir: "cases/route", may: []string{"cases", "cases/process", "cases/rows", "data", "people", "profiles"}, why: "who gets a case; the city answers through an interface, and only its tests know the profiles"},
	{dir: "cases/duplicate", may: []string{"cases", "cases/rows", "data", "geo", "profiles"}, why: "what a report may say again; who finds cases is behind an interface, and only its tests know the profiles"},
	{dir: "cases/store", may: []string{"cases", "cases/process", "people", "data", "data/wire", "geo", "profiles"}, why: "cases in columns, above any log of events; only its tests know the profiles"},
	{dir: "profiles", why: "files of configurations, embedded; who reads them checks them"},
	{dir: "cases/journal", may: []string{"cases", "cases/store", "cases/process", "people", "data", "data/boltstore", "data/boltstore/offline", "profiles"}, why: "events of cases in the log of the city, above any store; only its tests know one, a process and the profiles"},
	{dir: "cases/recent", may: []string{"cases", "cases/journal", "cases/store", "cases/process", "people", "data", "data/boltstore", "profiles"}, why: "what happened to cases lately, for who listens; who may hear of it is another matter, and only its tests know a log and a process"},
	{dir: "cases/calendar", may: []string{"data"}, why: "counts working time; it knows no case and no clock of a case"},
	{dir: "cases", may: []string{"cases/process", "people", "data", "profiles"}, why: "the engine is asked through small interfaces that cases declares; only its tests know the profiles"},
	{dir: "cases/class", may: []string{"cases/calendar", "data/catalogue", "data"}, why: "classes with limits, texts and what is the same case; it knows no case"},
	{dir: "cases/timing", may: []string{"cases", "cases/calendar", "cases/class", "cases/clock", "cases/process", "data/catalogue", "data"}, why: "cases with their clocks and limits; neither knows the other"},
	{dir: "cases/notice", may: []string{"data", "geo"}, why: "who is told what, and messages on their way; it sends nothing, and only its tests know who does"},
	{dir: "cases/alarm", may: []string{"cases", "cases/calendar", "cases/class", "cases/journal", "data/boltstore", "cases/clock", "cases/process", "cases/store", "cases/timing", "data", "people", "profiles"}, why: "what clocks reach becomes events; who is told of events is another matter, and only its tests know a log, the people and the profiles"},
	{dir: "cases/outbox", may: []string{"cases", "cases/adapters", "people", "cases/journal", "cases/notice", "cases/process", "data", "geo"}, why: "keeps subscriptions and messages beside the log, and makes messages of events; it sends nothing, and only its tests know who does"},
	{dir: "cases/sensor", may: []string{"cases", "cases/rows", "data", "profiles"}, why: "what readings mean, by rules; it keeps nothing, and only its tests know the profiles"},
	{dir: "cases/sensor/book", may: []string{"cases", "cases/sensor", "data"}, why: "sensors in a file beside the log; who begins cases is behind an interface"},
	{dir: "cases/clock", may: []string{"cases/calendar", "data"}, why: "clocks as folds of effects; what starts them is another matter"},
	{dir: "cases/exchange", may: []string{"cases", "cases/process", "data", "people", "profiles"}, why: "what other platforms are told and what they mean, without HTTP and without a clock; only its tests know the profiles"},
	{dir: "cases/adapters", may: []string{"cases/notice", "people/mail", "cases", "people", "data", "geo"}, why: "the outside of cases, wired in cmd; letters are those of the mailer"},
	{dir: "cases/attachment/media", why: "files of people, written anew; it keeps nothing"},
	{dir: "cases/attachment", may: []string{"cases/attachment/media"}, why: "files by what they hold; which case refers to one is behind an interface"},
	{dir: "profile", may: append([]string{
		"grid/request",
		"cases", "cases/adapters", "cases/calendar", "cases/class", "cases/clock", "cases/duplicate", "cases/process", "cases/route", "cases/rows", "cases/sensor", "cases/timing", "data/catalogue", "data/synth", "people/account", "profiles", "sample",
	}, below...), why: "a profile configures everything below it; only its tests know those that come along"},
	{dir: "server/auth", may: []string{"people/account", "people/audit", "server/rest"}, why: "answers who asks, not what they may do; it knows no city"},
	{dir: "server/auth/openid", may: []string{"people/account", "server/auth"}, why: "providers that vouch for logins; cmd makes them"},
	{dir: "server/ogcapi", may: append([]string{"cases", "profile"}, below...), why: "sibling of open311", planned: true},
	{dir: "server/open311", may: []string{
		"server/open311/form", "server/open311/service", "server/open311/wire", "server/rest", "cases", "cases/class", "cases/process", "cases/store", "data/catalogue", "data", "geo", "geo/geodesy", "cases/calendar", "cases/clock", "cases/timing", "people", "profiles",
	}, why: "cases for other programs; what it asks of the city is behind interfaces, and only its tests know profiles and clocks"},
	{dir: "server/open311/local", may: []string{
		"server/open311", "server/casework", "server/auth", "server/rest", "people", "people/account", "cases", "cases/process", "cases/store", "cases/timing", "geocode/codes", "index", "geo",
	}, why: "what Open311 asks for, of the city that is served"},
	{dir: "server/open311/form", may: []string{"data"}, why: "bodies of requests as fields and files; it knows no service"},
	{dir: "server/open311/service", may: []string{"cases/class", "data", "data/catalogue", "geocode/classes", "geocode/pinyin"}, why: "classes as services; it knows no HTTP and no case"},
	{dir: "server/open311/wire", why: "values as XML and JSON; it knows none of them"},
	{dir: "server/rest", may: []string{"data", "data/convert", "index", "geo", "geo/proj"}, why: "how requests are read and faults are written, for every resource"},
	{dir: "server/apidoc", may: []string{"server/rest"}, why: "the page /docs, made of openapi.json"},
	{dir: "server/pages", may: []string{"server/rest"}, why: "serves the embedded pages"},
	{dir: "server/jobs", why: "long work, whatever it is about, without HTTP"},
	{dir: "server/spool", may: []string{"data"}, why: "files for what is too large for memory"},
	{dir: "server/linkage", may: []string{"data/rules", "data", "index"}, why: "a World as the rules about links ask for it"},
	{dir: "server/ingest", may: []string{"people/vault", "server/spool", "server/linkage", "data/rules", "data", "data/convert", "index", "geo"}, why: "rows become changes, without HTTP"},
	{dir: "server/undo", may: []string{"server/spool", "server/linkage", "data/rules", "data", "index"}, why: "operations are found in the log and taken back, without HTTP"},
	{dir: "server/work", may: append([]string{"server/undo", "server/jobs", "server/once", "server/spool"}, resource...), why: "jobs and imports as resources"},
	{dir: "server/batch", may: append([]string{"server/answer", "server/rest", "data/convert", "data/convert/geom", "data/convert/jsontext", "geo/proj"}, below...), why: "rows in, rows out"},
	{dir: "server/background", may: []string{"server/city", "server/jobs", "server/once", "server/rest", "people"}, why: "requests that become jobs, whatever they are about"},
	{dir: "server/answer", may: []string{"data/convert/jsontext", "geo", "grid", "geocode", "index", "people"}, why: "locations as JSON, for one point and for rows"},
	{dir: "server/gate", why: "bounds of what requests take together; it knows no HTTP and no city"},
	{dir: "server/rate", why: "who asks too often; it knows no HTTP and no clock"},
	{dir: "server/once", may: []string{"server/auth", "server/rest", "data"}, why: "requests that are done once, whatever they are about"},
	{dir: "server/sight", may: []string{"people", "people/account", "people/rights", "index", "data"}, why: "what those who ask may see, remembered; it knows no requests"},
	{dir: "server/city", may: []string{"people/account", "people/audit", "people/vault", "data/sensitive", "server/auth", "server/sight", "people", "people/rights", "server/once", "server/jobs", "server/rest", "data/convert", "grid", "grid/cells", "grid/version", "index", "index/filter", "index/filter/cql", "index/planner", "data", "geo", "geo/proj"}, why: "what every resource works with; it knows none of them"},
	{dir: "server/casework/place", may: append([]string{"cases", "cases/class", "cases/duplicate", "cases/route", "cases/store", "data/catalogue", "geocode/classes"}, below...), why: "the city as cases ask for it, without HTTP"},
	{dir: "server/casework/sheet", may: []string{"cases/process", "data"}, why: "a process as it is shown, without HTTP"},
	{dir: "server/casework/listing", may: []string{"server/city", "server/rest", "cases/store", "people", "data"}, why: "what a request asks for of cases; it reads, and finds nothing"},
	{dir: "server/casework/dossier", may: []string{"cases", "data"}, why: "a case as a whole, without HTTP"},
	{dir: "server/casework/reach", may: []string{"cases/process", "cases/store", "people"}, why: "which cases somebody sees, without HTTP"},
	{dir: "server/casework/album", may: []string{"server/casework/dossier", "cases"}, why: "pictures and sounds of a case as they are shown, without HTTP"},
	{dir: "server/casework/lights", may: []string{"cases/clock", "cases/process", "cases/timing", "data"}, why: "clocks of a case as they are shown, without HTTP"},
	{dir: "server/pictures", may: append([]string{"server/once", "server/casework", "server/casework/dossier", "cases", "cases/attachment", "cases/attachment/media"}, resource...), why: "one resource; who sees which case it asks the service of cases"},
	{dir: "server/casework/titles", may: []string{"cases", "cases/clock", "cases/process", "data", "people"}, why: "what names in events are called, without HTTP"},
	{dir: "server/casework/enclosed", may: []string{"server/casework/dossier", "cases", "data"}, why: "files of cases; it knows no service"},
	{dir: "server/casework/kept", may: []string{"cases", "cases/process", "cases/route", "people", "index", "data", "profiles"}, why: "configuration of cases as records of the log, without HTTP; only its tests know the profiles"},
	{dir: "server/casework/fault", may: []string{"cases", "cases/process", "cases/route", "server/once", "server/rest", "data"}, why: "what a desk says as problems over HTTP; it knows no service"},
	{dir: "server/casework/texts", may: []string{"cases/rows", "server/rest", "data"}, why: "tables as requests bring them; it knows none"},
	{dir: "server/calendars", may: append([]string{"server/casework/texts", "cases/alarm", "cases/calendar", "cases/rows"}, resource...), why: "one resource; who sees which case is behind an interface"},
	{dir: "server/casework", may: append([]string{
		"server/casework/texts",
		"server/casework/place", "server/casework/dossier", "server/casework/kept", "server/casework/listing", "server/casework/sheet", "cases/rows", "server/auth", "server/once", "people/account", "geocode/classes", "data/catalogue",
		"server/casework/album", "server/casework/enclosed", "server/casework/fault", "server/casework/lights", "server/casework/reach", "server/casework/titles",
		"cases", "cases/class", "cases/clock", "cases/duplicate", "cases/process", "cases/recent", "cases/route", "cases/store", "cases/timing",
	}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/intake", may: append([]string{
		"server/casework", "server/jobs", "cases", "cases/class", "cases/duplicate", "data/catalogue", "data/convert/charset", "data/convert/delimited", "data/convert/jsontext", "data/convert/row", "data/convert/sheet", "data/convert/spool", "geocode/classes", "geocode/codes",
	}, resource...), why: "files of reports; each row goes the way of a report over HTTP"},
	{dir: "server/features", may: resource, why: "one resource; siblings do not know each other"},
	{dir: "server/definitions", may: append([]string{"data/rules"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/transfer", may: append([]string{"server/ingest", "server/jobs", "server/once", "server/spool", "data/convert/charset", "data/convert/osm"}, resource...), why: "files in and out"},
	{dir: "server/locate", may: append([]string{"server/answer", "server/batch", "data/convert/jsontext"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/geocoding", may: append([]string{"geocode/classes", "server/answer", "server/batch", "data/convert/jsontext"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/codes", may: []string{"server/city", "server/rest", "grid/code", "index", "data"}, why: "what codes say, and which are free"},
	{dir: "server/notices", may: append([]string{"cases/notice", "cases/outbox", "server/auth"}, resource...), why: "one resource; who sees which cases it asks through an interface"},
	{dir: "server/readings", may: append([]string{"server/casework", "server/auth", "cases", "cases/process", "cases/route", "cases/sensor", "cases/sensor/book", "geocode/codes"}, resource...), why: "one resource; what is raised becomes a case by the service of cases"},
	{dir: "server/contacts", may: append([]string{"server/casework", "server/auth", "server/once", "cases", "people", "people/account", "people/vault"}, resource...), why: "one resource, with its file; who sees which case it asks the service of cases"},
	{dir: "server/casefeed", may: append([]string{"server/casework", "server/casework/album", "server/casework/listing", "server/casework/place", "cases/store", "people"}, resource...), why: "the feed of public cases; it asks the service of cases"},
	{dir: "server/casestream", may: append([]string{"server/casework", "server/streams", "cases", "cases/recent"}, resource...), why: "streams cases to who listens; it asks the service of cases what they see"},
	{dir: "server/streams", why: "streams that are open; it knows none of them"},
	{dir: "server/live", may: append([]string{"server/streams"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/operate", may: append([]string{"server/auth", "server/jobs"}, resource...), why: "what an operator asks of a running server"},
	{dir: "server/people", may: resource, why: "one resource; siblings do not know each other"},
	{dir: "server/planning", may: resource, why: "one resource; siblings do not know each other"},
	{dir: "server/cells", may: append([]string{"server/answer"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/personal", may: append([]string{"people/account", "people/vault", "server/auth"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/past", may: append([]string{"data/history"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/exchange", may: append([]string{"cases", "cases/adapters", "cases/exchange", "cases/notice", "cases/outbox", "cases/process", "server/casework"}, resource...), why: "one resource; the service of cases does what messages ask for"},
	{dir: "server/audit", may: append([]string{"people/audit"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/trail", may: []string{"people/audit", "data"}, why: "notes on their way into the log; it knows no requests"},
	{dir: "server/attachments", may: append([]string{"cases/attachment", "cases/attachment/media", "people/account", "server/auth", "server/rate"}, resource...), why: "one resource; who sees which case is behind an interface"},
	{dir: "server/plans", may: append([]string{"index/planner"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/requests", may: append([]string{"grid/request", "people/account", "server/auth", "data/convert/geom"}, resource...), why: "one resource; who draws drafts is behind an interface"},
	{dir: "server/drafts", may: append([]string{"grid/request", "grid/version", "grid/code", "grid/coverage", "grid/coverage/edit", "grid/coverage/check", "index/planner", "data/convert/geom"}, resource...), why: "one resource; siblings do not know each other"},
	{dir: "server/outlook", may: []string{"grid", "grid/impact", "grid/survey", "index", "index/sketch", "data", "geo"}, why: "what drafts would be like as Worlds to draw, without HTTP"},
	{dir: "server/tilesets", may: append([]string{"server/outlook", "tiles/pack"}, resource...), why: "one resource; siblings do not know each other; it unpacks tiles for slow clients"},
	{dir: "server", may: append([]string{
		"server/exchange", "server/calendars",
		"server/requests", "grid/request",
		"server/contacts", "server/pictures", "server/casefeed", "server/readings", "server/casestream", "server/casework", "server/intake", "server/gate", "server/rate", "server/jobs", "server/spool", "server/undo", "server/work", "server/linkage", "server/ingest", "server/once", "server/apidoc", "server/pages", "server/batch", "server/features", "server/definitions", "server/transfer",
		"server/locate", "server/notices", "server/geocoding", "server/cells", "server/codes", "server/attachments", "server/live", "server/operate", "server/past", "server/people", "server/personal", "people/vault", "people/audit", "server/audit", "server/trail", "server/planning", "server/plans", "server/drafts", "server/background", "server/outlook", "index/planner", "server/tilesets", "server/auth", "server/sight", "people/account", "people/rights", "server/ogcapi", "server/open311", "server/open311/local", "cases", "profile",
	}, resource...), why: "gets its store and its pages from cmd"},
	{dir: "sample/sampletest", may: []string{"sample", "index/indextest", "index", "data/convert", "data", "geo/proj"}, why: "the sample city in memory, for tests"},
	{dir: "sample", may: []string{"data", "data/convert"}, why: "embedded files and how to read them"},
	{dir: "web", why: "embedded pages; cmd hands them to the server"},
	{dir: "cmd/gewu/upload", may: []string{"data/convert", "data/convert/shapefile"}, why: "files on their way to the server"},
	{dir: "cmd/gewu/progress", why: "how far long work is; every command that takes long shows it"},
	{dir: "cmd/gewu/output", why: "where the bytes of a file go; every command that writes one asks it"},
	{dir: "cmd/gewu/mend", may: []string{"cmd/gewu/output", "data/convert"}, why: "wrong rows in a file of their own"},
	{dir: "cmd/gewu/garbage", why: "paces the collector of a process, whatever it does"},
	{dir: "cmd/gewu/persons", may: []string{"people/vault"}, why: "commands about personal data, which speak to a server, and the file of keys"},
	{dir: "cmd/gewu/jobcmd", why: "commands about long work, which speak to a server"},
	{dir: "cmd/gewu/requests", why: "commands about change requests, which speak to a server"},
	{dir: "cmd/gewu/planning/columns", may: []string{"data", "data/convert"}, why: "whether sources have the columns that flags name"},
	{dir: "cmd/gewu/planning", may: []string{"cmd/gewu/planning/columns", "cmd/gewu/requests", "cmd/gewu/upload", "data/convert", "data/convert/charset", "data", "geo", "geo/proj", "grid/coverage", "grid/coverage/check", "grid/divide", "grid/impact", "grid/reconcile", "grid/report"}, why: "commands about schemes; files are judged and divided without a city"},
	{dir: "cmd/gewu/places", may: []string{"cmd/gewu/output", "geo", "geocode/eval", "geocode/noise", "data", "data/convert/charset", "data/convert/delimited", "data/convert/row", "data/convert/sheet", "data/convert/spool"}, why: "the command about texts and places, which speaks to a server"},
	{dir: "cmd/gewu/coords", may: []string{"data/convert/control", "geo/proj", "grid/code"}, why: "commands that need no city"},
	{dir: "cmd/gewu/define", may: []string{"data", "data/convert", "data/convert/charset", "data/convert/codelist"}, why: "commands about definitions, which speak to a server"},
	{dir: "cmd/gewu/synthetic", may: []string{"data", "data/convert", "data/synth", "sample"}, why: "flags become a synthetic city, and that files; loading them is the command's matter"},
	{dir: "cmd/gewu/casework", may: []string{
		"server/casework/kept", "profiles", "data/catalogue", "server/calendars",
		"server/exchange", "cases/exchange", "server/contacts", "people/vault",
		"server/casework/enclosed",
		"cases/class", "cases/journal", "cases/process", "cases/route", "cases/store", "cases/timing", "cmd/gewu/casecmd", "cmd/gewu/synthetic", "data/synth", "geocode", "grid", "index", "people", "people/account", "profile", "sample", "server/casework", "server/casework/place",
		"cases/alarm", "cases/recent",
		"cases", "cases/adapters", "cases/notice", "cases/outbox", "cases/sensor/book", "data/convert", "geo", "geo/proj", "server/notices", "server/readings",
	}, why: "puts the cases of a served city together, for the server that cmd makes"},
	{dir: "cmd/gewu/casecmd", may: []string{"cases/process", "data", "people", "profile", "profiles"}, why: "commands about cases: files are judged without a city, everything else speaks to a server"},
	{dir: "cmd/gewu/audit", may: []string{"cmd/gewu/output"}, why: "a command that speaks to a server"},
	{dir: "cmd/gewu/directory", may: []string{"cmd/gewu/output", "people", "data"}, why: "commands about people, which speak to a server"},
	{dir: "cmd/gewu/question", why: "flags become requests; sending them is the command's matter"},
	{dir: "cmd/gewu/logins", may: []string{"people", "people/account", "server/auth", "people/mail", "server/auth/openid"}, why: "flags about logins, and the commands that speak to a server about them"},
	{dir: "cmd/gewu/clock", may: []string{"data"}, why: "what time it is for the server that cmd makes, and commands that speak to it; it knows no city"},
	{dir: "cmd/gewu/door", why: "what stands between a server and the network; it knows no city"},
	{dir: "cmd/gewu/upkeep", may: []string{"cases", "cases/journal", "people", "people/vault", "data", "data/boltstore", "index/compare", "index", "server/operate"}, why: "what keeps a store in order, for the server that cmd makes"},
	{dir: "cmd/gewu/measure", may: append([]string{"data/boltstore"}, below...), why: "the benchmarks of gewu bench"},
	{dir: "cmd/gewu", may: append([]string{
		"cmd/gewu/clock", "cmd/gewu/door", "cmd/gewu/progress", "cmd/gewu/coords", "cmd/gewu/define", "cmd/gewu/audit", "cmd/gewu/directory", "cmd/gewu/question", "cmd/gewu/upkeep", "cmd/gewu/measure", "cmd/gewu/upload", "cmd/gewu/jobcmd", "cmd/gewu/garbage", "cmd/gewu/persons", "people/vault", "cmd/gewu/mend", "cmd/gewu/output", "cmd/gewu/places", "cmd/gewu/logins", "cmd/gewu/planning", "cmd/gewu/requests", "people/account",
		"cmd/gewu/casecmd", "cmd/gewu/casework", "cmd/gewu/synthetic",
		"server", "server/operate", "server/auth", "cases", "cases/adapters", "profile", "sample", "web",
		"server/attachments", "cases/attachment",
		"index/planner", "data/boltstore", "data/boltstore/offline", "data/pgstore", "data/storetest", "data/convert", "data/convert/shapefile", "data/synth", "geo/proj",
	}, below...), why: "the only place that knows everything"},
	{dir: "test/flow", why: "stories as text, and who plays them over HTTP; it knows no package of the server"},
	{dir: "test/peers", may: []string{"data/boltstore", "data/convert", "data/synth", "data", "geo", "geocode/eval", "grid", "index", "index/indextest", "test/peers/bare", "test/peers/figure", "test/peers/opening", "test/peers/places", "test/peers/planning", "test/peers/postgis", "test/peers/wire", "test/peers/proc"}, why: "measures what the server is made of beside other engines; everything else through the built binary"},
	{dir: "test/peers/opening", may: []string{"data/boltstore", "geo", "grid", "index", "test/peers/proc"}, why: "what it takes to open a store; it knows no peer"},
	{dir: "test/peers/places", may: []string{"data/boltstore", "data", "geocode", "geocode/eval", "geocode/noise", "geocode/normal", "index", "index/indextest", "sample/sampletest", "test/peers/postgis", "test/peers/proc"}, why: "the geocoder beside searches of texts"},
	{dir: "test/peers/planning", may: []string{"data", "geo", "grid/coverage", "grid/coverage/check", "test/peers/postgis"}, why: "coverages beside PostGIS and GEOS; it knows no server"},
	{dir: "test/peers/bare", why: "net/http as a peer; it knows no city"},
	{dir: "test/peers/figure", why: "medians and ranges of numbers"},
	{dir: "test/peers/bleve", why: "a peer in a module of its own; it knows texts only"},
	{dir: "test/peers/postgis", may: []string{"data", "geo", "test/peers/proc"}, why: "PostgreSQL as a peer; it knows features, to fill tables with them"},
	{dir: "test/peers/postgis/postgistest", may: []string{"test/peers/postgis"}, why: "PostGIS as an oracle of tests"},
	{dir: "test/peers/wire", may: []string{"test/peers/proc"}, why: "a client that costs little; it knows no city"},
	{dir: "test/peers/proc", why: "reads /proc"},
	{dir: "test", may: []string{"tiles/tiletest"}, why: "black box: starts the built binary and speaks HTTP; tiles are read by the decoder of tests"},
}

// testsMayNot bounds what test files may import beyond their package's row: they may use stores, the contract, the
// sample and each other's packages, but nothing may reach up to these unless it stands there itself.
var testsMayNot = []string{"cmd/gewu", "server"}

// ban forbids an import path or a selector, with the reason and what to use instead. Test files are free, and so are
// the packages that serve tests only.
type ban struct {
	// path is an import path; with name set, only that member of it is banned.
	path, name string
	// in says where the ban holds.
	in  func(dir string) bool
	why string
}

// tops are the folders at and above server.
var tops = []string{"cmd", "server", "web", "test"}

func under(dir string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return dir == f || strings.HasPrefix(dir, f+"/") })
}

// servesTests tells a package of helpers for tests by its name: storetest, indextest.
func servesTests(dir string) bool {
	base := path.Base(dir)
	return strings.HasSuffix(base, "test") && base != "test"
}

func everywhere(string) bool      { return true }
func outsideCmd(dir string) bool  { return !under(dir, "cmd", "test/peers") }
func belowServer(dir string) bool { return !under(dir, tops...) }
func withoutHTTP(dir string) bool { return belowServer(dir) && !under(dir, "cases/adapters") }
func withoutClock(dir string) bool {
	return belowServer(dir) && !under(dir, "internal/obs", "cases/adapters")
}
func exceptObs(dir string) bool     { return !under(dir, "internal/obs") }
func exceptServer(dir string) bool  { return !under(dir, "server") }
func exceptPgstore(dir string) bool { return !under(dir, "data/pgstore") }

const (
	whyClock    = "the clock is passed in, so that tests and virtual time work; durations for metrics come from internal/obs"
	whyPrint    = "write to the writer that cmd passes; nothing else owns standard output"
	whyRegistry = "there is no global metrics registry; take a prometheus.Registerer"
)

// bans is the table of banned imports and names.
var bans = []ban{
	{path: "net/http", in: withoutHTTP, why: "HTTP lives in server and cmd"},
	{path: "github.com/gorilla/mux", in: exceptServer, why: "routes are listed in server/routes.go only"},
	{path: "time", name: "Now", in: withoutClock, why: whyClock},
	{path: "time", name: "Since", in: withoutClock, why: whyClock},
	{path: "time", name: "Until", in: withoutClock, why: whyClock},
	{path: "fmt", name: "Print", in: outsideCmd, why: whyPrint},
	{path: "fmt", name: "Printf", in: outsideCmd, why: whyPrint},
	{path: "fmt", name: "Println", in: outsideCmd, why: whyPrint},
	{path: "os", name: "Exit", in: outsideCmd, why: "return an error; only main ends the process"},
	{path: "log", in: exceptObs, why: "use log/slog, injected; internal/obs adapts it for the standard library"},
	{path: "log/slog", name: "Default", in: everywhere, why: "the logger is injected"},
	{path: "log/slog", name: "SetDefault", in: everywhere, why: "the logger is injected"},
	{path: "net/http", name: "DefaultServeMux", in: everywhere, why: "routes are listed in server/routes.go only"},
	{path: "net/http", name: "Error", in: everywhere, why: "return an error; the adapter writes the problem document"},
	{path: "github.com/prometheus/client_golang/prometheus/promauto", in: everywhere, why: whyRegistry},
	{path: "github.com/prometheus/client_golang/prometheus", name: "MustRegister", in: everywhere, why: whyRegistry},
	{path: "github.com/prometheus/client_golang/prometheus", name: "Register", in: everywhere, why: whyRegistry},
	{path: "github.com/prometheus/client_golang/prometheus", name: "DefaultRegisterer", in: everywhere, why: whyRegistry},
	{path: "github.com/jackc/pgx/v5", in: exceptPgstore, why: "SQL lives in data/pgstore"},
	{path: "io/ioutil", in: everywhere, why: "use os or io"},
	{path: "github.com/pkg/errors", in: everywhere, why: "use fmt.Errorf with %w"},
	{path: "C", in: everywhere, why: "no cgo: one static binary for every platform"},
	{path: "github.com/spf13/viper", in: everywhere, why: "flags, environment and file come from one kong struct"},
	{path: "github.com/sirupsen/logrus", in: everywhere, why: "use log/slog"},
	{path: "github.com/gin-gonic/gin", in: everywhere, why: "use gorilla/mux and handlers that return errors"},
	{path: "gorm.io/gorm", in: everywhere, why: "no ORM"},
}

// domainWords may not be part of an identifier in internal/.
var domainWords = []string{"layer", "feature", "cell", "scheme", "tile", "district", "village", "geocode", "parcel"}

// leftovers are the marks of unfinished work; an open end belongs in an issue. They are spelt in two halves so that
// this file does not hold them.
var leftovers = []string{"TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"}
