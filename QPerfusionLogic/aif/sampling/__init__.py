"""Blood pixels of an AIF series: blood pool, motion, partial volume."""
