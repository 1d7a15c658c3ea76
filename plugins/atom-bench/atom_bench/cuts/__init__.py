"""Where shots are told apart: footage with known transitions, looked through by Atom and by PySceneDetect."""
