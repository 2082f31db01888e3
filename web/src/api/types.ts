// Short names for the generated types, and the few places where the pages know
// more than the document says.
import type { Geometry } from 'geojson'
import type { components } from './schema'

type Schemas = components['schemas']

export type Title = Schemas['Title']
export type Attribute = Schemas['Attribute']
export type Layer = Schemas['LayerInfo']
// The document leaves the nesting of coordinates open.
export type Feature = Omit<Schemas['Feature'], 'geometry'> & { geometry: Geometry | null }
export type Dictionary = Schemas['DictionaryInfo']
export type Located = Schemas['Location']
export type CellCard = Schemas['CellCard']
export type PartHit = Schemas['Part']
export type TileRange = Schemas['TileRange']
export type Change = Schemas['ChangeEvent']
export type Geocoded = Schemas['GeocodedPlace']
export type Fault = Schemas['GeocodingFault']
