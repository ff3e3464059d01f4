CREATE TRIGGER mails AFTER INSERT ON posts BEGIN UPDATE users SET email = NEW.title WHERE id = NEW.author; END;
