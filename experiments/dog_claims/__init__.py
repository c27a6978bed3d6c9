"""Claims of DoG, LDoG and DoWG: ``runs`` drives them on arbitrary vectors and on convex functions, ``distance`` has the statements."""
