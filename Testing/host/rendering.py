"""Off-screen pictures of slice views, made by Slicer's own logic and displayable managers without a display."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from QPerfusionLogic.mrml.views.layouts import face_slice

_MANAGERS = (
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
)


class SliceView:
    """One slice view of a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    name : str
        Layout name of the view ("QPerfusionStress").
    size : (width, height) in pixels
    """

    def __init__(self, scene: Any, name: str, size: tuple[int, int] = (420, 420)) -> None:
        self.size = size
        self._scene = scene
        self._application = scene.qperfusion_companions[0]
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(self._application)
        self._logic.SetMRMLScene(scene)
        self._logic.AddSliceNode(name)
        logics = self._application.GetSliceLogics() or vtk.vtkCollection()
        logics.AddItem(self._logic)
        self._application.SetSliceLogics(logics)
        self.slice_node = self._logic.GetSliceNode()
        self.composite_node = self._logic.GetSliceCompositeNode()
        self.slice_node.SetDimensions(*size, 1)
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(*size)
        self._renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._image = self._add_image()
        self._managers = self._add_managers()

    def picture(self, path: Path | None = None, slice_index: int = 0, volume: Any = None) -> np.ndarray:
        """Return (rows, columns, 3) pixels of the view; written as PNG when a path is given."""
        if volume is not None:
            face_slice(self.slice_node, volume, slice_index)
        self._logic.UpdatePipeline()
        self._image.GetMapper().SetInputConnection(self._logic.GetImageDataConnection())
        self._window.Render()
        grabbed = vtk.vtkWindowToImageFilter()
        grabbed.SetInput(self._window)
        grabbed.SetInputBufferTypeToRGB()
        grabbed.ReadFrontBufferOff()
        grabbed.Update()
        width, height, _ = grabbed.GetOutput().GetDimensions()
        scalars = numpy_support.vtk_to_numpy(grabbed.GetOutput().GetPointData().GetScalars())
        pixels = scalars.reshape(height, width, 3)[::-1].copy()
        if path is not None:
            from PIL import Image

            Image.fromarray(pixels).save(path)
        return pixels

    def resize(self, width: int, height: int) -> None:
        """Give the view another size, as qMRMLSliceControllerWidget does: the vertical field of view stays."""
        self.size = (width, height)
        self._window.SetSize(width, height)
        self._logic.ResizeSliceNode(width, height)

    def move_slider(self, offset: float) -> None:
        """Set the slice offset that the slider of the view delivers."""
        self._logic.SetSliceOffset(offset)

    def choose_map(self, volume: Any) -> None:
        """Choose the foreground volume of the view by hand (qMRMLSliceControllerWidget.cxx:971)."""
        self._logic.StartSliceCompositeNodeInteraction(self.composite_node.ForegroundVolumeFlag)
        self.composite_node.SetForegroundVolumeID(volume.GetID() if volume is not None else None)
        self._logic.EndSliceCompositeNodeInteraction()

    def close(self) -> None:
        """Let go of window and scene."""
        self._managers.SetMRMLDisplayableNode(None)
        self._window.Finalize()
        self._logic.SetMRMLScene(None)

    def _add_image(self) -> Any:
        mapper = vtk.vtkImageMapper()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(actor)
        return actor

    def _add_managers(self) -> Any:
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(self._application)
        for name in _MANAGERS:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        group = factory.InstantiateDisplayableManagers(self._renderer)
        group.SetMRMLDisplayableNode(self.slice_node)
        return group
