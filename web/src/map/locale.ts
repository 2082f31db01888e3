// Texts of the map's own controls and of its aria labels.
const zh = {
  'Map.Title': '地图',
  'Marker.Title': '所选位置',
  'NavigationControl.ResetBearing': '拖动旋转地图，点击恢复正北',
  'NavigationControl.ZoomIn': '放大',
  'NavigationControl.ZoomOut': '缩小',
  'ScaleControl.Meters': '米',
  'ScaleControl.Kilometers': '公里',
}

const en: typeof zh = {
  'Map.Title': 'Map',
  'Marker.Title': 'Chosen place',
  'NavigationControl.ResetBearing': 'Drag to rotate the map, click to reset north',
  'NavigationControl.ZoomIn': 'Zoom in',
  'NavigationControl.ZoomOut': 'Zoom out',
  'ScaleControl.Meters': 'm',
  'ScaleControl.Kilometers': 'km',
}

export const mapLocale = { zh, en }
