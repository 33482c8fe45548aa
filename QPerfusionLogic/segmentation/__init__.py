"""Blood pools, myocardium, insertion points, AHA segments and the blood region of the AIF."""
