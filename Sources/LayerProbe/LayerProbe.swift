// LayerProbe
