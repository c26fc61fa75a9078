"""`production-tool bench`: what the product does in a second here, beside the stock library and a bare insert.

servers ─┬────────────────▶ append ─┬─▶ rows ─▶ command
         ├─▶ processes ──▶ http  ───┤
         ├───────────────▶ project ─┤
paper ───┴────────────────▶ domain ─┘
"""
