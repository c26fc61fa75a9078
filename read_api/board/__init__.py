"""The board: the web page on which coordinators hold and book, rendered here, with little JavaScript and no build."""
