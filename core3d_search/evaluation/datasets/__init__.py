"""The truth of published data sets as their authors lay it out; one data set a file. Nothing is ever fetched."""
