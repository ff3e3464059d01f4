-- A lending library, begun long ago: comments, mixed case, types of other databases.
CREATE TABLE "Readers" (
  ReaderNo INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- printed on the card
  "Name" NVARCHAR(120) NOT NULL COLLATE NOCASE, -- family name first
  Born DATE,
  "group" TINYINT NOT NULL DEFAULT 1, /* 1 adult, 2 child */
  [Last Visit] DATETIME DEFAULT (datetime('now', 'localtime')),
  Deposit DECIMAL(10, 2) DEFAULT 0.00,
  Blocked BOOLEAN NOT NULL DEFAULT 0 CHECK (Blocked IN (0, 1))
);
CREATE TABLE Shelf ( -- A shelf, by hall and row.
  hall CHAR(1) NOT NULL,
  "row" SMALLINT NOT NULL,
  label TEXT DEFAULT "unsorted",
  PRIMARY KEY (hall, "row")
);
CREATE TABLE `book` (
  `isbn` VARCHAR(13) PRIMARY KEY NOT NULL ON CONFLICT ABORT,
  `title` TEXT NOT NULL,
  `year` INT CHECK (`year` BETWEEN 1450 AND 2100),
  `hall` CHAR(1), -- where it stands
  `shelf row` SMALLINT,
  `index` TEXT, -- a word that SQL knows
  `copies` INTEGER NOT NULL DEFAULT (1),
  `available` INTEGER GENERATED ALWAYS AS (`copies` - `lent`) VIRTUAL,
  `lent` INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT `stands` FOREIGN KEY (`hall`, `shelf row`) REFERENCES Shelf (hall, "row") ON UPDATE CASCADE ON DELETE SET NULL,
  CONSTRAINT enough CHECK (`lent` <= `copies`)
);
CREATE TABLE Loans (
  Reader INTEGER NOT NULL REFERENCES "Readers" ON DELETE RESTRICT,
  Isbn VARCHAR(13) NOT NULL REFERENCES book,
  "From" TEXT NOT NULL DEFAULT CURRENT_DATE,
  "To" TEXT,
  UNIQUE (Reader, Isbn, "From") ON CONFLICT IGNORE
);
CREATE INDEX `Loans open` ON Loans (Isbn COLLATE RTRIM, "From" DESC) WHERE "To" IS NULL;
CREATE UNIQUE INDEX book_title ON book (lower(title), `year`);
CREATE VIEW "Lent Books" (isbn, title, reader, since) AS
SELECT b.isbn, b.title, r."Name", l."From" -- the open ones
FROM Loans AS l
JOIN book AS b ON b.isbn = l.Isbn
JOIN "Readers" AS r ON r.ReaderNo = l.Reader
WHERE l."To" IS NULL;
CREATE TRIGGER "Loans count" AFTER INSERT ON Loans BEGIN
  -- one copy less
  UPDATE book SET lent = lent + 1 WHERE isbn = new.Isbn;
END;
CREATE TRIGGER return_book INSTEAD OF DELETE ON "Lent Books" BEGIN
  UPDATE Loans SET "To" = CURRENT_DATE WHERE Isbn = old.isbn AND "To" IS NULL;
  UPDATE book SET lent = lent - 1 WHERE isbn = old.isbn;
END;
