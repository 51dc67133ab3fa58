-- Subjects about which a decision of a person stands: found by the decision's event, of whose ids there is no index. Those
-- of before are told by the program, which can read a state.
CREATE TABLE decided (
    subject text COLLATE "C" PRIMARY KEY
);
